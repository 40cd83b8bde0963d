/** What can differ in how a file is spelt as a whole, and in the order of its columns. */
import type { ContractNode } from './contract.js'
import { escapeKey, root } from './paths.js'
import type { Finding } from './policy.js'
import type { PathProfile, Profile } from './profile.js'
import type { ContractSchema } from './report.js'

/**
 * Differences of header, delimiter, encoding and lines, and of versions of transaction sets. Without the same
 * header nothing else compares.
 */
export function dialectFindings(
  contract: Record<string, unknown>,
  file: Profile['dialect'],
  asSchema: () => ContractSchema,
): { findings: Finding[]; comparable: boolean } {
  const differs = (name: string) =>
    contract[name] !== undefined &&
    contract[name] !== null &&
    file[name] !== null &&
    contract[name] !== file[name]
  const words = (side: Record<string, unknown>, name: string, yes: string, no: string) =>
    side[name] ? yes : no
  const findings: Finding[] = []
  const add = (aspect: 'structure' | 'format', name: string, from: string, to: string) =>
    findings.push({
      kind: 'changed',
      path: root,
      aspect,
      from,
      to,
      facts: { mild: aspect === 'format' },
      evidence: {},
      // Under another header the columns are others: the contract starts anew.
      proposal:
        name === 'header'
          ? { op: 'set', path: root, schema: asSchema(), whole: true }
          : { op: 'spelling', dialect: { [name]: file[name] ?? null } },
    })
  for (const name of Object.keys(file)) {
    const set = /^version (.+)$/.exec(name)?.[1]
    if (set === undefined || !differs(name)) continue
    const [from, to] = [`version ${contract[name]}`, `version ${file[name]}`]
    findings.push({ kind: 'changed', path: set, aspect: 'structure', from, to, facts: {}, evidence: {} })
  }
  if (differs('header')) {
    add(
      'structure',
      'header',
      words(contract, 'header', 'header', 'no header'),
      words(file, 'header', 'header', 'no header'),
    )
    return { findings, comparable: false }
  }
  // A file of one line cannot show that it is JSON lines.
  if (contract.lines === false && file.lines === true)
    add('structure', 'lines', 'one JSON document', 'JSON lines')
  if (differs('delimiter') && contract.delimiter !== 'none' && file.delimiter !== 'none') {
    add('format', 'delimiter', `delimiter ${contract.delimiter}`, `delimiter ${file.delimiter}`)
  }
  // ASCII is a part of UTF-8 and of windows-1252.
  const plain = (encoding: unknown) => encoding === 'ascii'
  const fits =
    (plain(file.encoding) && !isWide(contract.encoding)) ||
    (plain(contract.encoding) && !isWide(file.encoding))
  if (differs('encoding') && !fits)
    add('format', 'encoding', `encoding ${contract.encoding}`, `encoding ${file.encoding}`)
  return { findings, comparable: true }
}

function isWide(encoding: unknown): boolean {
  return typeof encoding === 'string' && encoding.startsWith('utf-16')
}

/**
 * How many of the columns that both sides have stand in another order than the contract knows; 0 when none
 * or when the contract saw several orders.
 */
export function columnOrder(
  node: ContractNode,
  file: PathProfile,
  renames: ReadonlyMap<string, string>,
): { moved: number; positions: Record<string, number> } {
  const columns: { path: string; expected: number; found: number }[] = []
  for (const [key, { node: column }] of node.properties) {
    const expected = column.evidence?.position
    const found = file.children.get(renames.get(key) ?? key)?.position
    if (!expected || !found || expected.min !== expected.max || found.min !== found.max) continue
    columns.push({ path: escapeKey(key), expected: expected.min, found: found.min })
  }
  const byFile = [...columns].sort((a, b) => a.found - b.found)
  const byContract = [...columns].sort((a, b) => a.expected - b.expected || a.found - b.found)
  const positions = Object.fromEntries(columns.map(({ path, found }) => [path, found]))
  return { moved: byFile.filter((column, i) => column !== byContract[i]).length, positions }
}
