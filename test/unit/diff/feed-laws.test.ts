/** What holds for the feeds of every format: a file against itself, forth and back, one and one together. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compare, type DriftReport, mergeProfiles, type Profile, toSchema } from '../../../src/diff/index.js'
import { feedFormats, type Row } from './fixtures/feeds.js'
import { linesOf } from './fixtures/helpers.js'

const names = ['id', 'amount', 'status', 'paid', 'city', 'zip', 'weight', 'orderDate', 'buyer', 'note']
const day = fc
  .integer({ min: 0, max: 900 })
  .map((n) => new Date(Date.UTC(2023, 0, 1) + n * 864e5).toISOString().slice(0, 10))
const word = fc.stringMatching(/^[a-z]{4,9} [a-z]{3,8}$/)
const kinds = {
  integer: fc.integer({ min: 2, max: 99_999 }),
  boolean: fc.boolean(),
  day,
  word,
}
type Kind = keyof typeof kinds
const kind = fc.constantFrom(...(Object.keys(kinds) as Kind[]))

/** Columns that are there or not, each of one kind; the kind, or undefined where there is none. */
type Columns = Record<string, Kind | undefined>
const columns = fc.record(
  Object.fromEntries(names.map((name) => [name, fc.option(kind, { nil: undefined, freq: 3 })])),
)
/** The same columns, but for some of them. */
const feeds = fc
  .tuple(columns, columns, fc.array(fc.constantFrom(...names), { maxLength: 4 }))
  .map(([all, other, edited]): [Columns, Columns] => [
    { ...all, id: 'integer', note: 'word' },
    { ...all, ...Object.fromEntries(edited.map((name) => [name, other[name]])), id: 'integer', note: 'word' },
  ])
const rowsOf = (given: Columns): fc.Arbitrary<Row[]> => {
  const cells = Object.entries(given).flatMap(([name, of]) => (of ? [[name, kinds[of]] as const] : []))
  return fc.array(fc.record(Object.fromEntries(cells)), { minLength: 30, maxLength: 40 })
}
const twoFeeds = feeds.chain(([a, b]) => fc.tuple(fc.constant([a, b] as const), rowsOf(a), rowsOf(b)))

/** Records of which each may lack anything but its id; the first one names all columns. */
const cell = fc.oneof(
  ...Object.values(kinds),
  fc.constantFrom(null, undefined, '', ' ', 'open', 'done', 1.5, '01234', '1e5'),
)
const mixed = fc
  .array(fc.record(Object.fromEntries(names.map((name) => [name, cell]))), { minLength: 3, maxLength: 30 })
  .map((rows) =>
    rows.map(
      (row, i): Row => ({
        ...row,
        ...(i === 0 ? Object.fromEntries(names.map((name) => [name, row[name] ?? 'x'])) : {}),
        id: i,
      }),
    ),
  )

const stored = (seen: Profile): Record<string, unknown> => JSON.parse(JSON.stringify(toSchema(seen)))
const numRuns = Number(process.env.DRIFTHOOK_RUNS ?? 3) * 8

const of = ({ changes }: DriftReport, wanted: string) =>
  changes.filter(({ kind, aspect }) => (kind === 'changed' ? aspect : kind) === wanted)
const pathsOf = (report: DriftReport, wanted: string) => of(report, wanted).map(({ path }) => path)
const renamesOf = (report: DriftReport) => of(report, 'renamed').map(({ path, toPath }) => [path, toPath!])

describe.each(feedFormats)('$name', ({ profileOf, path, records, textual, flat }) => {
  const drift = (a: readonly Row[], b: readonly Row[]) => compare(stored(profileOf(a)), profileOf(b))

  it('forth and back: added is removed, a rename goes the other way', () => {
    fc.assert(
      fc.property(twoFeeds, ([, a, b]) => {
        const [forth, back] = [drift(a, b), drift(b, a)]
        expect(pathsOf(forth, 'added').sort()).toEqual(pathsOf(back, 'removed').sort())
        expect(pathsOf(forth, 'removed').sort()).toEqual(pathsOf(back, 'added').sort())
        expect(renamesOf(forth).sort()).toEqual(
          renamesOf(back)
            .map((pair) => pair.reverse())
            .sort(),
        )
      }),
      { numRuns, endOnFailure: true },
    )
  })

  it('forth and back: a type that changed changes back', () => {
    const typeOf = (given: Kind) => (given === 'day' || given === 'word' ? 'text' : given)
    // Where all is text, that it is a date no more says more than that it reads as something else.
    const aspectOf = (from: Kind) => (textual && from === 'day' ? 'format' : 'type')
    const retyped = (from: Columns, to: Columns) =>
      names.flatMap((name) => {
        const [x, y] = [from[name], to[name]]
        return x && y && typeOf(x) !== typeOf(y) ? [`${path(name, 'value')} ${aspectOf(x)}`] : []
      })
    const shown = (report: DriftReport, wanted: readonly string[]) =>
      report.changes
        .map((change) => `${change.path} ${change.aspect}`)
        .filter((line) => wanted.includes(line))
    fc.assert(
      fc.property(twoFeeds, ([[a, b], before, after]) => {
        for (const [report, expected] of [
          [drift(before, after), retyped(a, b)],
          [drift(after, before), retyped(b, a)],
        ] as const) {
          expect(shown(report, expected).sort()).toEqual([...expected].sort())
          for (const at of pathsOf(report, 'type')) expect(expected).toContain(`${at} type`)
        }
      }),
      { numRuns, endOnFailure: true },
    )
  })

  if (flat === undefined) {
    it('forth and back: one becomes many, and where many were one may be', () => {
      fc.assert(
        fc.property(twoFeeds, ([, a, b]) => {
          const many = b.map((row): Row => ({ ...row, note: [row.note, row.note] }))
          const aspect = textual ? 'cardinality' : 'structure'
          const at = path('note', 'key')
          expect(pathsOf(drift(a, many), aspect)).toEqual([at])
          expect(pathsOf(drift(many, a), aspect)).toEqual(textual ? [] : [at])
        }),
        { numRuns, endOnFailure: true },
      )
    })
  }

  it('records that lack some, are null, empty or of several types do not drift from themselves', () => {
    fc.assert(
      fc.property(mixed, mixed, (a, b) => {
        const [x, y] = [profileOf(a), profileOf(b)]
        const both = stored(mergeProfiles(x, y))
        expect(linesOf(compare(stored(x), x))).toEqual([])
        expect(linesOf(compare(both, x))).toEqual([])
        expect(linesOf(compare(both, y))).toEqual([])
      }),
      { numRuns, endOnFailure: true },
    )
  })

  it('the contract of two files is the contract of their records together', () => {
    type Tree = Record<string, unknown>
    const recordsIn = (seen: Profile) => records.reduce((node, name) => node[name] as Tree, stored(seen))
    fc.assert(
      fc.property(mixed, mixed, (a, b) => {
        const [x, y, together] = [profileOf(a), profileOf(b), profileOf([...a, ...b])]
        expect(recordsIn(mergeProfiles(x, y))).toEqual(recordsIn(together))
        expect(recordsIn(mergeProfiles(y, x))).toEqual(recordsIn(together))
      }),
      { numRuns, endOnFailure: true },
    )
  })
})
