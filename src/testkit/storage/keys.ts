import assert from 'node:assert/strict'
import { contract, insert, needsTwin, refused, topic } from './harness.js'

export const keyCases = [
  ...topic('lookup', [
    {
      name: 'finds a record by a unique key, whoever owns it, and by its new value after an update',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([
          insert('monitors', { id: 'm', tenantId: 'acme', tokenHash: 'h1' }),
          insert('monitors', { id: 'm', tenantId: 'other', tokenHash: 'h2' }),
        ])
        assert.equal((await storage.lookup('monitors', 'token', { tokenHash: 'h1' }))?.tenantId, 'acme')
        assert.equal((await storage.lookup('monitors', 'token', { tokenHash: 'h2' }))?.tenantId, 'other')
        assert.equal(await storage.lookup('monitors', 'token', { tokenHash: 'h' }), null)
        await storage.commit([
          { op: 'update', table: 'monitors', tenantId: 'acme', id: 'm', set: { tokenHash: 'h3' } },
        ])
        assert.equal(await storage.lookup('monitors', 'token', { tokenHash: 'h1' }), null)
        assert.equal((await storage.lookup('monitors', 'token', { tokenHash: 'h3' }))?.tenantId, 'acme')
      },
    },
  ]),
  ...topic('nextIds', [
    {
      name: 'starts at 1, and never repeats a number, whoever asks',
      async run(harness) {
        const storage = await harness.open()
        assert.equal(await storage.nextIds('a', 3), 1)
        const sizes = Array.from({ length: 100 }, (_, i) => 1 + (i % 7))
        const firsts = await Promise.all(sizes.map((n) => storage.nextIds('a', n)))
        const numbers = firsts.flatMap((first, i) => Array.from({ length: sizes[i]! }, (_, k) => first + k))
        assert.equal(new Set(numbers).size, numbers.length)
        assert.ok(numbers.every((number) => Number.isSafeInteger(number) && number > 3))
        assert.equal(await storage.nextIds('b', 1), 1)
      },
    },
    {
      name: 'never repeats a number across adapters',
      needs: needsTwin,
      async run(harness) {
        const [one, two] = [await harness.open(), await harness.openTwin!()]
        const asked = Array.from({ length: 100 }, (_, i) => (i % 2 ? one : two).nextIds('a', 2))
        const firsts = await Promise.all(asked)
        assert.equal(new Set(firsts.flatMap((first) => [first, first + 1])).size, 200)
      },
    },
  ]),
  ...topic('unique keys', [
    {
      name: 'the primary key and each unique key are kept, and the error names write and key',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([contract('a'), insert('monitors', { id: 'm', tokenHash: 'h' })])
        await refused(
          storage.commit([contract('b'), contract('a', { name: 'other' })]),
          1,
          'exists',
          'primary',
        )
        await refused(
          storage.commit([contract('b'), contract('c'), contract('d', { name: 'a' })]),
          2,
          'exists',
          'name',
        )
        await refused(storage.commit([insert('monitors', { id: 'n', tokenHash: 'h' })]), 0, 'exists', 'token')
        await refused(storage.commit([contract('x'), contract('x', { name: 'y' })]), 1, 'exists', 'primary')
        await refused(storage.commit([contract('x'), contract('y', { name: 'x' })]), 1, 'exists', 'name')
        for (const id of ['b', 'c', 'd', 'x', 'y'])
          assert.equal(await storage.get('contracts', 'acme', id), null)
        assert.ok(await storage.get('contracts', 'acme', 'a'))
      },
    },
    {
      name: 'a key that names the tenant holds per tenant, one that does not holds for all',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([contract('a'), insert('monitors', { id: 'm', tokenHash: 'h' })])
        await storage.commit([contract('a', { tenantId: 'other' })])
        const taken = insert('monitors', { id: 'm', tenantId: 'other', tokenHash: 'h' })
        await refused(storage.commit([taken]), 0, 'exists', 'token')
      },
    },
    {
      name: 'an update cannot take a key, and keeps its own',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([contract('a'), contract('b')])
        const rename = (id: string, name: string) =>
          storage.commit([
            { op: 'update', table: 'contracts', tenantId: 'acme', id, set: { name, version: 7 } },
          ])
        await refused(rename('b', 'a'), 0, 'exists', 'name')
        assert.equal((await storage.get('contracts', 'acme', 'b'))?.version, 0)
        await rename('a', 'a')
        await rename('a', 'c')
        await rename('b', 'a')
        assert.equal((await storage.lookup('contracts', 'name', { tenantId: 'acme', name: 'a' }))?.id, 'b')
      },
    },
    {
      name: 'a key with a null in it is never taken',
      async run(harness) {
        const storage = await harness.open()
        const open = { tenantId: 'acme', openKey: 'k' }
        await storage.commit([
          insert('driftEvents', { id: '1', openKey: null }),
          insert('driftEvents', { id: '2', openKey: null }),
          insert('driftEvents', { id: '3', openKey: 'k' }),
        ])
        await refused(storage.commit([insert('driftEvents', { id: '4', openKey: 'k' })]), 0, 'exists', 'open')
        assert.equal((await storage.lookup('driftEvents', 'open', open))?.id, '3')
        await storage.commit([
          { op: 'update', table: 'driftEvents', tenantId: 'acme', id: '3', set: { openKey: null } },
          { op: 'update', table: 'driftEvents', tenantId: 'acme', id: '1', set: { openKey: 'k' } },
        ])
        assert.equal((await storage.lookup('driftEvents', 'open', open))?.id, '1')
      },
    },
    {
      name: 'of N racing inserts of one key exactly one succeeds',
      async run(harness) {
        const storage = await harness.open()
        const racers = Array.from({ length: 20 }, (_, i) =>
          storage.commit([contract(`c${i}`, { name: 'one' })]),
        )
        const results = await Promise.allSettled(racers)
        assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
      },
    },
  ]),
]
