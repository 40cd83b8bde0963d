import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readContract } from '../../../src/diff/contract.js'
import { compare, type DriftReport, profile, toSchema } from '../../../src/diff/index.js'
import { partners } from '../../../src/diff/rename-block.js'
import { scoreRenames } from '../../../src/diff/rename-match.js'
import type { ContractSchema, Policy } from '../../../src/diff/report.js'
import { profileOfContract } from '../../../src/diff/schema-profile.js'
import {
  bytesOf,
  csvOf,
  driftOfCsv,
  driftOfJson,
  linesOf,
  orders,
  profileCsv,
  profileJson,
  random,
} from './fixtures/helpers.js'

/** What costs more than its size never ends; a busy machine takes its time. In milliseconds. */
const hangs = 180_000

type Row = Record<string, unknown>

/** Rows with other names for some columns, each where the old one was. */
const renamed = (rows: readonly Row[], names: Record<string, string>): Row[] =>
  rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [names[key] ?? key, value])))
const without = (rows: readonly Row[], ...names: string[]): Row[] =>
  rows.map((row) => Object.fromEntries(Object.entries(row).filter(([key]) => !names.includes(key))))

const before = orders(120, 1)
const after = orders(120, 2)
const drift = (rows: readonly Row[], policy?: Policy) => driftOfCsv(csvOf(before), csvOf(rows), policy)
const renames = ({ changes }: DriftReport) =>
  changes.flatMap(({ kind, path, toPath }) => (kind === 'renamed' ? [`${path}>${toPath}`] : [])).sort()
const kinds = (report: DriftReport) => report.changes.map(({ kind, path }) => `${kind} ${path}`)

describe('a rename is found', () => {
  it.each<[string, Record<string, string>]>([
    ['by an abbreviation', { orderDate: 'ord_dt' }],
    ['by a word more', { amount: 'total_amount' }],
    ['by a synonym', { zip: 'postcode' }],
    ['by a prefix that all got', { zip: 'f_zip', amount: 'f_amount', paid: 'f_paid' }],
    ['by its place and its values, whatever its name', { orderDate: 'zeitpunkt' }],
    ['two neighbours at once', { zip: 'postal_code', amount: 'amt' }],
    ['a cycle of names taken from others is none', {}],
  ])('%s', (_, names) => {
    const expected = Object.entries(names).map(([from, to]) => `${from}>${to}`)
    expect(renames(drift(renamed(after, names)))).toEqual(expected.sort())
    const json = driftOfJson(before, renamed(after, names))
    expect(renames(json)).toEqual(expected.map((line) => `[].${line.replace('>', '>[].')}`).sort())
  })

  it('and undone is found again', () => {
    const [a, b] = [csvOf(before), csvOf(renamed(after, { orderDate: 'ord_date' }))]
    expect(renames(driftOfCsv(a, b))).toEqual(['orderDate>ord_date'])
    expect(renames(driftOfCsv(b, a))).toEqual(['ord_date>orderDate'])
  })

  it('by values alone, where most of them are the same', () => {
    const moved = without(before, 'buyer').map((row, i) => ({ ...row, party: before[i]!.buyer }))
    expect(renames(drift(moved))).toEqual(['buyer>party'])
  })

  it('by its name, where all columns were shuffled', () => {
    const names = ['note', 'amt', 'id', 'paid', 'status', 'buyer', 'orderDate', 'zip']
    const rows = renamed(after, { amount: 'amt' }).map((row) =>
      Object.fromEntries(names.map((name) => [name, row[name]])),
    )
    const { changes } = drift(rows)
    expect(changes).toMatchObject([{ kind: 'renamed', path: 'amount', toPath: 'amt' }])
    expect(changes[0]!.evidence.position).toBeCloseTo(0.5, 1)
  })

  it('with its evidence and never a value', () => {
    const { changes } = drift(renamed(before, { buyer: 'party' }))
    expect(changes).toHaveLength(1)
    const { confidence, evidence, proposal } = changes[0]!
    expect(confidence).toBeGreaterThanOrEqual(0.95)
    for (const what of ['name', 'position', 'type', 'values']) {
      expect(evidence[what]).toBeGreaterThanOrEqual(0)
      expect(evidence[what]).toBeLessThanOrEqual(1)
    }
    expect(proposal).toEqual({ op: 'alias', from: 'buyer', to: 'party' })
    for (const { buyer } of before) expect(JSON.stringify(changes)).not.toContain(buyer)
  })

  it('and changed as well is still one change', () => {
    const rows = renamed(after, { amount: 'amt' }).map((row) => ({ ...row, amt: `EUR ${row.amt}` }))
    const report = drift(rows)
    expect(linesOf(report)).toEqual(['renamed amount>amt type breaking'])
    expect(report.severity).toBe('major')
  })

  it('between enumerations of the same codes', () => {
    expect(renames(drift(renamed(after, { status: 'phase' })))).toEqual(['status>phase'])
  })

  it('and is a minor drift', () => {
    expect(drift(renamed(after, { orderDate: 'ord_dt' })).severity).toBe('minor')
  })
})

describe('a rename is not', () => {
  it.each<[string, string, string, (row: Row, i: number) => unknown]>([
    ['one of two kinds for the other', 'buyer', 'amount_due', (_, i) => i * 3.5],
    ['a column of another type and name', 'zip', 'shipped', (_, i) => i % 2 === 0],
    ['a flag for a date', 'orderDate', 'is_open', (_, i) => i % 2 === 0],
    ['a text for codes', 'status', 'summary', (_, i) => `Some ${i} words, of course`],
  ])('%s', (_, gone, come, value) => {
    const rows = without(after, gone).map((row, i) => ({ ...row, [come]: value(row, i) }))
    expect(kinds(drift(rows)).sort()).toEqual([`added ${come}`, `removed ${gone}`])
  })

  const shops = (names: readonly string[], seed: number) => {
    const next = random(seed)
    return Array.from({ length: 60 }, (_, i) => ({
      id: i,
      ...Object.fromEntries(names.map((name) => [name, Math.floor(next() * 90_000) + 1_000])),
      end: 'x',
    }))
  }
  it.each([
    ['of parts', ['first_amount'], ['last_amount']],
    ['of sides', ['ship_zone'], ['bill_zone']],
    ['of numbers', ['address1'], ['address2']],
    ['of ranges', ['doses_0_17', 'doses_18_24'], ['doses_12_17', 'doses_25_49']],
    ['of years', ['pop_2019', 'pop_2020'], ['pop_2021', 'pop_2022']],
  ])('a swap %s', (_, gone, come) => {
    expect(renames(driftOfCsv(csvOf(shops(gone, 1)), csvOf(shops(come, 2))))).toEqual([])
  })

  it('a byte order mark before the first name', () => {
    expect(linesOf(driftOfCsv(csvOf(before), `\ufeff${csvOf(after)}`))).toEqual([])
  })

  it('an optional key that happens to be absent', () => {
    const some = (name: string, seed: number) =>
      orders(20, seed).map((row, i) => (i % 10 === 0 ? { ...row, [name]: i } : row))
    const report = driftOfJson(
      some('bonus', 1),
      without(some('bonus', 2), 'bonus').map((row) => ({ ...row, rebate: 1 })),
    )
    expect(linesOf(report)).toEqual(['added [].rebate warning'])
  })

  const wide = (name: (i: number) => string, count = 1_000): ContractSchema => {
    const names = Array.from({ length: count }, (_, i) => name(i))
    return { type: 'object', properties: Object.fromEntries(names.map((key) => [key, { type: 'string' }])) }
  }
  const unrelated = (letter: string, step: number) => (i: number) =>
    `${letter}${((i + 1) * step).toString(36)}`

  it('any of a thousand unrelated names', () => {
    const report = compare(wide(unrelated('q', 7_919)), wide(unrelated('w', 104_729)))
    expect(report.summary).toMatchObject({ renames: 0, removals: 1_000, additions: 1_000 })
  })

  it('looked for among more than a bounded number of pairs', () => {
    const words = ['order', 'total', 'amount', 'price', 'net', 'gross', 'line', 'tax']
    const name = (i: number) => [i, i >> 3, i >> 6].map((n) => words[n % 8]).join('_')
    const [ours, theirs] = [wide((i) => `${name(i)}_${i}`), wide((i) => `${name(i)}_x${i}`)]
    const contract = readContract(ours).root
    const file = profileOfContract(readContract(theirs), 'json').root
    const removed = [...contract.properties].map(([key, { node }]) => ({ key, path: key, node }))
    const added = [...file.children].map(([key, child]) => ({ key, path: key, file: child }))
    const siblings = { node: contract, file, table: false, isSchema: true }
    const { scored } = scoreRenames(removed, added, siblings, [])
    expect(scored).toBeLessThanOrEqual(partners * 2_000)
    expect(scoreRenames(removed.slice(0, 50), added.slice(0, 40), siblings, []).scored).toBe(2_000)
  })

  it.each<[string, (i: number) => string]>([
    ['of one letter', (i) => `${'a'.repeat(900)}${i}`],
    ['of many words', (i) => `${'a_'.repeat(450)}${i.toString(36)}`],
    ['of words made of each other', (i) => `${'aaaaaaaa_'.repeat(20)}${'a'.repeat(i + 1)}`],
  ])('slow with hostile names %s', { timeout: hangs }, (_, name) => {
    compare(
      wide((i) => name(i), 100),
      wide((i) => name(i + 100), 100),
    )
  })
})

describe('a likely rename', () => {
  const twins = () =>
    renamed(after, { buyer: 'buyer_a' }).map(({ buyer_a, paid, note, ...row }) => ({
      ...row,
      buyer_a,
      buyer_b: buyer_a,
      paid,
      note,
    }))

  it('with an equal rival stays a removal and two additions, with a suggestion', () => {
    const report = drift(twins())
    expect(kinds(report).sort()).toEqual(['added buyer_a', 'added buyer_b', 'removed buyer'])
    expect(report.summary).toMatchObject({ additions: 2, removals: 1, renames: 0 })
    expect(report.severity).toBe('major')
    const { suggestion } = report.changes.find(({ kind }) => kind === 'removed')!.evidence
    expect(suggestion).toEqual({
      path: expect.stringMatching(/^buyer_[ab]$/),
      confidence: expect.any(Number),
    })
    expect((suggestion as { confidence: number }).confidence).toBeLessThan(0.95)
    expect((suggestion as { confidence: number }).confidence).toBeGreaterThanOrEqual(0.5)
  })

  it('is a rename where the policy asks for less', () => {
    expect(renames(drift(twins(), { renames: { threshold: 0.3 } }))).toHaveLength(1)
  })

  it('is none where the policy asks for more', () => {
    const rows = renamed(after, { orderDate: 'zeitpunkt' })
    const report = drift(rows, { renames: { threshold: 1 } })
    expect(kinds(report).sort()).toEqual(['added zeitpunkt', 'removed orderDate'])
    expect(report.changes.find(({ kind }) => kind === 'removed')!.evidence.suggestion).toMatchObject({
      path: 'zeitpunkt',
    })
  })

  it('is not looked for where the policy says so', () => {
    const report = drift(renamed(after, { orderDate: 'ord_dt' }), { renames: { enabled: false } })
    expect(kinds(report).sort()).toEqual(['added ord_dt', 'removed orderDate'])
    expect(report.changes.find(({ kind }) => kind === 'removed')!.evidence).not.toHaveProperty('suggestion')
  })

  it('is not asked again once it is accepted', () => {
    const aliases = [{ from: 'orderDate', to: 'ord_dt' }]
    expect(linesOf(drift(renamed(after, { orderDate: 'ord_dt' }), { aliases }))).toEqual([])
  })
})

describe('schemas written by hand', () => {
  const schema = (...names: string[]): ContractSchema => ({
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
    required: names,
  })
  it('show a rename by the name', () => {
    const report = compare(schema('sku', 'cust_nm', 'city'), schema('sku', 'customerName', 'city'))
    expect(renames(report)).toEqual(['cust_nm>customerName'])
  })

  it('never by the place alone', () => {
    expect(renames(compare(schema('sku', 'colour', 'city'), schema('sku', 'width', 'city')))).toEqual([])
  })

  it('meet a file', () => {
    const report = compare(schema('sku', 'qty'), profileJson({ sku: 'a', quantity: 'b' }))
    expect(renames(report)).toEqual(['qty>quantity'])
  })
})

const columns = [
  'ship_to',
  'bill_to',
  'qty',
  'order_quantity',
  'unit_price',
  'price',
  'dob',
  'birth_date',
  'po',
  'purchase_order',
  'line_1',
  'line_2',
]
const table = fc.record({
  names: fc.shuffledSubarray(columns, { minLength: 3 }),
  others: fc.shuffledSubarray(columns, { minLength: 3 }),
  seed: fc.nat(1_000),
})
const tableOf = (names: readonly string[], seed: number): string => {
  const next = random(seed)
  return csvOf(
    Array.from({ length: 30 }, () =>
      Object.fromEntries(
        names.map((name, i) => [name, i % 2 ? Math.floor(next() * 1e4) : `v${Math.floor(next() * 1e3)}`]),
      ),
    ),
  )
}

describe('renames', () => {
  it('are the same whatever the order of the candidates, and each name is in one', () => {
    fc.assert(
      fc.property(table, fc.nat(), ({ names, others, seed }, order) => {
        const schema = JSON.parse(JSON.stringify(toSchema(profileCsv(tableOf(names, seed)))))
        const file = profileCsv(tableOf(others, seed + 1))
        const first = compare(schema, file)
        const { properties } = schema.items
        schema.items.properties = Object.fromEntries(shuffle(Object.entries(properties), order))
        file.root.items!.children = new Map(shuffle([...file.root.items!.children], order))
        const second = compare(schema, file)
        expect(second.changes).toEqual(first.changes)
        const renames = first.changes.filter(({ kind }) => kind === 'renamed')
        expect(new Set(renames.map(({ path }) => path)).size).toBe(renames.length)
        expect(new Set(renames.map(({ toPath }) => toPath)).size).toBe(renames.length)
      }),
      { numRuns: 80 },
    )
  })

  it('of any two documents name each path once, and take each name from a removal and an addition', () => {
    const name = fc.constantFrom(
      'id',
      'userId',
      'user_id',
      'usr',
      '',
      '__proto__',
      'a.b',
      'name',
      'naam',
      '{*}',
    )
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, true, 1, 2.5, 'x', '2024-01-31', ''),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(name, tie('value'), { maxKeys: 5 }),
      ),
    }))
    const list = fc.array(fc.dictionary(name, value, { maxKeys: 5 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(list, list, (before, after) => {
        const { changes } = driftOfJson(before, after)
        const moves = changes.filter(({ kind }) => kind === 'renamed')
        for (const side of ['path', 'toPath'] as const) {
          expect(new Set(moves.map((change) => change[side])).size).toBe(moves.length)
        }
        const off = driftOfJson(before, after, { renames: { enabled: false } })
        for (const { path, toPath } of moves.filter(({ path }) => !/[.\]]./.test(path.slice(3)))) {
          const gone = [...off.changes, ...off.observations].filter((one) => one.path === path)
          expect(gone.some(({ kind }) => kind === 'removed' || kind === 'absent-optional')).toBe(true)
          expect(off.changes.some((change) => change.kind === 'added' && change.path === toPath)).toBe(true)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('are mirrored when old and new change places', () => {
    fc.assert(
      fc.property(table, ({ names, others, seed }) => {
        const [a, b] = [tableOf(names, seed), tableOf(others, seed + 1)]
        const mirrored = renames(driftOfCsv(b, a)).map((line) => line.split('>').reverse().join('>'))
        expect(renames(driftOfCsv(a, b))).toEqual(mirrored.sort())
      }),
      { numRuns: 80 },
    )
  })
})

function shuffle<T>(list: T[], seed: number): T[] {
  const next = random(seed)
  return list
    .map((item) => ({ item, at: next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

describe('objects', () => {
  const parties = (name: string, change: (party: Row) => Row = (party) => party) =>
    orders(40, name.length).map(({ id, zip, buyer, amount }) => ({
      id,
      [name]: change({ zip, fullName: buyer, contact: { phone: `+49 ${amount}`, mail: `a${id}@b.co` } }),
      amount,
    }))

  it('renamed as a whole are one change', () => {
    expect(linesOf(driftOfJson(parties('buyer'), parties('purchaser')))).toEqual([
      'renamed [].buyer>[].purchaser breaking',
    ])
  })

  it('are compared under their new name', () => {
    const less = parties('purchaser', ({ zip: _, ...rest }) => ({ ...rest, zip: 7 }))
    expect(linesOf(driftOfJson(parties('buyer'), less))).toEqual([
      'renamed [].buyer>[].purchaser breaking',
      'changed [].buyer.zip type breaking',
    ])
  })

  it('of other keys are other objects', () => {
    const other = parties('purchaser', () => ({ width: 1, height: 2, depth: 3 }))
    expect(kinds(driftOfJson(parties('buyer'), other)).sort()).toEqual([
      'added [].purchaser',
      'removed [].buyer',
    ])
  })

  it('in lists, too', () => {
    const lists = (name: string) =>
      orders(40).map(({ id, zip, amount }) => ({ id, [name]: [{ zip, amount, id }] }))
    expect(linesOf(driftOfJson(lists('lines'), lists('lineItems')))).toEqual([
      'renamed [].lines>[].lineItems breaking',
    ])
  })
})

describe('a move to another parent', () => {
  const party = ({ zip, buyer, amount }: Row) => ({ zip, name: buyer, limit: amount })
  const inside = (at: 'order' | 'delivery') =>
    orders(40).map((row) => ({
      order: { id: row.id, ...(at === 'order' ? { party: party(row) } : {}) },
      delivery: { on: row.orderDate, ...(at === 'delivery' ? { party: party(row) } : {}) },
    }))

  it('of an object is one change', () => {
    const report = driftOfJson(inside('order'), inside('delivery'))
    expect(linesOf(report)).toEqual(['renamed [].order.party>[].delivery.party breaking'])
    expect(report.changes[0]!.evidence).toMatchObject({ matched: 'move', moved: true })
  })

  it('is compared below, and not asked again once accepted', () => {
    const changed = inside('delivery').map((row) => ({
      ...row,
      delivery: { ...row.delivery, party: { ...row.delivery.party, limit: 'none' } },
    }))
    const lines = [
      'renamed [].order.party>[].delivery.party breaking',
      'changed [].order.party.limit type breaking',
    ]
    expect(linesOf(driftOfJson(inside('order'), changed))).toEqual(lines)
    const aliases = [{ from: '[].order.party', to: '[].delivery.party' }]
    expect(linesOf(driftOfJson(inside('order'), changed, { aliases }))).toEqual(lines.slice(1))
  })

  it('of a value needs its values', () => {
    const zips = (at: 'a' | 'b', zip: (row: Row) => unknown, seed = 1) =>
      orders(60, seed).map((row) => ({
        a: { n: 1, ...(at === 'a' ? { zip: zip(row) } : {}) },
        b: { m: 1, ...(at === 'b' ? { zip: zip(row) } : {}) },
      }))
    expect(
      linesOf(
        driftOfJson(
          zips('a', (row) => row.zip),
          zips('b', (row) => row.zip, 2),
        ),
      ),
    ).toEqual(['renamed [].a.zip>[].b.zip breaking'])
    expect(
      kinds(
        driftOfJson(
          zips('a', (row) => row.zip),
          zips('b', (row) => row.buyer),
        ),
      ).sort(),
    ).toEqual(['added [].b.zip', 'removed [].a.zip'])
  })

  it('is none where two names would fit, nor when renames are off', () => {
    const both = inside('order').map((row) => ({
      order: { id: row.order.id },
      delivery: { ...row.delivery, party: row.order.party },
      invoice: { no: 1 },
    }))
    const two = both.map((row) => ({ ...row, invoice: { no: 1, party: row.delivery.party } }))
    const start = inside('order').map((row) => ({ ...row, invoice: { no: 1 } }))
    expect(driftOfJson(start, two).summary).toMatchObject({ renames: 0, removals: 1, additions: 2 })
    const off = { renames: { enabled: false } }
    expect(driftOfJson(inside('order'), inside('delivery'), off).summary).toMatchObject({
      renames: 0,
      removals: 1,
    })
  })
})

describe('format', () => {
  it('of the file does not matter', () => {
    const report = compare(
      toSchema(profile(bytesOf(csvOf(before, ';')))),
      profileCsv(csvOf(renamed(after, { zip: 'plz' }), ';')),
    )
    expect(renames(report)).toEqual(['zip>plz'])
  })
})
