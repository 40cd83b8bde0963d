import { compare, profile, toSchema } from 'drifthook/diff'
import { corpusPairs, csvText } from './rename-pairs.js'

const { pairs } = corpusPairs()
for (const p of pairs) {
  if (!process.argv.includes(p.id)) continue
  const b = (t) => new TextEncoder().encode(csvText(t))
  const r = compare(toSchema(profile(b(p.before), { format: 'csv' })), profile(b(p.after), { format: 'csv' }))
  console.log(
    p.id,
    p.source,
    JSON.stringify(p.renames),
    '\n  ',
    p.before.names.slice(0, 50).join(),
    '\n  =>',
    p.after.names.slice(0, 50).join(),
  )
  for (const c of r.changes)
    if (c.kind === 'renamed' || c.kind === 'removed')
      console.log('   ', c.kind, c.path, c.toPath ?? '', c.confidence ?? '', JSON.stringify(c.evidence))
}
