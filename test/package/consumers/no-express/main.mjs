/** A receiver, a data pipeline and a test of someone's own adapter: none of them has Express. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
assert.throws(() => require.resolve('express'), { code: 'MODULE_NOT_FOUND' })

for (const entry of ['diff', 'signing', 'testkit', 'sqlite', 'bullmq', 'graphile']) {
  const imported = await import(`drifthook/${entry}`)
  const required = require(`drifthook/${entry}`)
  const names = (module) => Object.keys(module).filter((name) => name !== 'default' && name !== '__esModule')
  assert.ok(names(imported).length > 0)
  assert.deepEqual(names(imported).sort(), names(required).sort(), `the names of drifthook/${entry}`)
}

const { profile } = await import('drifthook/diff')
assert.ok(await profile(Buffer.from('{"a":1}'), { format: 'json' }))

// What compares values is built in: it is an ESM package, which not every CommonJS host could load.
assert.throws(() => require.resolve('jsondiffpatch'), { code: 'MODULE_NOT_FOUND' })
for (const { delta, toJsonPatch } of [await import('drifthook/diff'), require('drifthook/diff')]) {
  assert.deepEqual(toJsonPatch(delta([1, 2, 3, 4], [2, 1, 3, 5])).length, 2)
}
