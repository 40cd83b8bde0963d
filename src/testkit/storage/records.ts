import assert from 'node:assert/strict'
import type { ColumnKind } from '../../ports/columns.js'
import { declaration, type Row, type TableName, tables } from '../../ports/tables.js'
import { contract, delivery, insert, record, type StorageHarness, topic } from './harness.js'

/** Values of each kind that an encoding is likely to harm. */
const difficult: { [kind in ColumnKind]: readonly unknown[] } = {
  text: [
    'plain',
    '',
    ' ',
    'Grüße, 世界, \u{1F600}\u{10FFFF}',
    "'; DROP TABLE x; --",
    'a\r\n\t"\\%_',
    '0123',
    'null',
    '\uFEFF\u0301',
  ],
  integer: [0, 1, -1, 2 ** 31, 2 ** 53 - 1, -(2 ** 53) + 1],
  boolean: [true, false],
  instant: [0, 1, Date.UTC(2026, 0, 1), 253402300799999, -1],
  json: [
    null,
    {},
    [],
    '',
    'text',
    0,
    0.1,
    2 ** 53,
    false,
    { a: null, b: { c: [1, [2], {}] }, '': 1, é: '\u{1F600}\u0000' },
    JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "toString": "x"}'),
  ],
  bytes: [new Uint8Array(), Uint8Array.from({ length: 256 }, (_, i) => i), new Uint8Array(70_000).fill(0xff)],
}

/** Records of a table that between them have every difficult value in every column. */
function difficultRecords<T extends TableName>(table: T): Row<T>[] {
  const columns = Object.entries(declaration(table).columns).filter(
    ([name]) => name !== 'id' && name !== 'tenantId',
  )
  const rounds = Math.max(
    ...columns.map(([, { kind, nullable }]) => difficult[kind].length + (nullable ? 1 : 0)),
  )
  const unique = new Set(Object.values(declaration(table).unique).flat())
  return Array.from({ length: rounds }, (_, round) => {
    const values = columns.map(([name, { kind, nullable }]) => {
      const choice = nullable ? [null, ...difficult[kind]] : difficult[kind]
      const value = choice[round % choice.length]
      return [name, unique.has(name) && typeof value === 'string' ? `${value}${round}` : value]
    })
    return record(table, { ...(Object.fromEntries(values) as Partial<Row<T>>), id: `${round}\u{1F600} /'` })
  })
}

const roundTrips = (Object.keys(tables) as TableName[]).map((table) => ({
  name: `${table}: what is stored is what is read`,
  async run(harness: StorageHarness) {
    const storage = await harness.open()
    for (const row of difficultRecords(table)) {
      await storage.commit([{ op: 'insert', table, row } as Parameters<typeof storage.commit>[0][number]])
      const { id, ...values } = row
      const read = await storage.get(table, row.tenantId, id)
      assert.deepEqual(read, row)
      assert.deepEqual(Object.keys(read!).sort(), Object.keys(declaration(table).columns).sort())
      // The same by way of an update, onto a blank record.
      await storage.commit([
        { op: 'delete', table, tenantId: row.tenantId, id },
        insert(table, { id: 'blank' } as Partial<Row<typeof table>> & { id: string }) as never,
      ])
      const { tenantId, ...set } = values
      await storage.commit([{ op: 'update', table, tenantId, id: 'blank', set } as never])
      assert.deepEqual(await storage.get(table, tenantId, 'blank'), { ...row, id: 'blank' })
      await storage.commit([{ op: 'delete', table, tenantId, id: 'blank' } as never])
    }
  },
}))

/** A value as a raw reader may report it. */
function assertRaw(kind: ColumnKind, raw: unknown, value: unknown, name: string): void {
  if (value === null && raw === null) return
  if (kind === 'boolean') assert.ok(raw === value || raw === Number(value), name)
  else if (kind === 'json') assert.deepEqual(typeof raw === 'string' ? JSON.parse(raw) : raw, value, name)
  else if (kind === 'bytes') assert.deepEqual(new Uint8Array(raw as Uint8Array), value, name)
  else assert.equal(typeof value === 'number' ? Number(raw) : raw, value, name)
}

export const recordCases = [
  ...topic('records', roundTrips),
  ...topic('records', [
    {
      name: 'another reader of the store sees the same values',
      needs: (harness) => (harness.readRaw ? null : 'needs readRaw: a reader besides the adapter'),
      async run(harness) {
        const storage = await harness.open()
        const rows = [
          record('contracts', { id: 'c', name: 'Grüße \u{1F600}', tags: ['a', 'b'], version: 2 ** 53 - 1 }),
          record('monitors', { id: 'm', active: true }),
          record('messageBodies', { id: 'b', data: Uint8Array.from([0, 255, 10]) }),
        ] as const
        const names = ['contracts', 'monitors', 'messageBodies'] as const
        for (const [at, table] of names.entries()) {
          await storage.commit([{ op: 'insert', table, row: rows[at] } as never])
          const raw = await harness.readRaw!(table, 'acme', rows[at]!.id)
          assert.ok(raw, `${table} is not in the store`)
          for (const [name, { kind }] of Object.entries(declaration(table).columns)) {
            assertRaw(kind, raw[name], (rows[at] as Record<string, unknown>)[name], `${table}.${name}`)
          }
        }
      },
    },
    {
      name: 'changing a record after handing it in changes nothing stored',
      async run(harness) {
        const storage = await harness.open()
        const tags = ['kept']
        const data = Uint8Array.from([1, 2, 3])
        const given = contract('a', { tags })
        const body = insert('messageBodies', { id: 'b', data })
        const writes = [given, body]
        const committed = storage.commit(writes)
        tags.push('added')
        data[0] = 9
        given.row.description = 'changed'
        writes.length = 0
        await committed
        const read = await storage.get('contracts', 'acme', 'a')
        assert.deepEqual([read?.tags, read?.description], [['kept'], null])
        assert.deepEqual((await storage.get('messageBodies', 'acme', 'b'))?.data, Uint8Array.from([1, 2, 3]))
      },
    },
    {
      name: 'changing a returned record changes nothing stored',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([
          contract('a', { tags: ['kept'] }),
          insert('messageBodies', { id: 'b', data: Uint8Array.from([1]) }),
          delivery('d'),
        ])
        const readers = [
          () => storage.get('contracts', 'acme', 'a'),
          () => storage.lookup('contracts', 'name', { tenantId: 'acme', name: 'a' }),
          async () =>
            (await storage.list('contracts', { tenantId: 'acme', index: 'created', limit: 1 })).items[0],
        ]
        for (const read of readers) {
          const mine = await read()
          mine!.tags.push('mine')
          mine!.version = 99
          const stored = await read()
          assert.deepEqual([stored?.tags, stored?.version], [['kept'], 0])
        }
        const body = await storage.get('messageBodies', 'acme', 'b')
        body!.data[0] = 9
        assert.deepEqual((await storage.get('messageBodies', 'acme', 'b'))?.data, Uint8Array.from([1]))
      },
    },
    {
      name: 'an update sets the named columns and leaves the others',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([contract('a', { description: 'before', vendor: 'v', version: 1 })])
        await storage.commit([
          {
            op: 'update',
            table: 'contracts',
            tenantId: 'acme',
            id: 'a',
            set: { description: null, version: 2 },
          },
        ])
        assert.deepEqual(
          await storage.get('contracts', 'acme', 'a'),
          record('contracts', { id: 'a', name: 'a', vendor: 'v', version: 2 }),
        )
      },
    },
    {
      name: 'a deleted record is gone, from everywhere',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([contract('a'), contract('b')])
        await storage.commit([{ op: 'delete', table: 'contracts', tenantId: 'acme', id: 'a' }])
        assert.equal(await storage.get('contracts', 'acme', 'a'), null)
        assert.equal(await storage.lookup('contracts', 'name', { tenantId: 'acme', name: 'a' }), null)
        const { items } = await storage.list('contracts', { tenantId: 'acme', index: 'created', limit: 10 })
        assert.deepEqual(
          items.map(({ id }) => id),
          ['b'],
        )
        await storage.commit([contract('a')])
      },
    },
    {
      name: 'text no store can keep is refused, not changed',
      async run(harness) {
        const storage = await harness.open()
        for (const name of ['a\0b', 'half \ud83d', '\udc00']) {
          await assert.rejects(storage.commit([contract('a', { name })]), { code: 'INVALID_REQUEST' })
        }
        assert.equal(await storage.get('contracts', 'acme', 'a'), null)
      },
    },
    {
      name: 'an unfitting value is refused before anything is written',
      async run(harness) {
        const storage = await harness.open()
        for (const wrong of [
          { name: null },
          { version: 1.5 },
          { version: 2 ** 53 },
          { name: undefined },
          { unknown: 1 },
        ]) {
          const faulty = contract('b', wrong as unknown as Partial<Row<'contracts'>>)
          await assert.rejects(storage.commit([contract('a'), faulty]), TypeError)
        }
        assert.equal(await storage.get('contracts', 'acme', 'a'), null)
        await storage.commit([contract('a')])
      },
    },
  ]),
]
