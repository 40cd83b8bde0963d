import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  compare,
  mergeProfiles,
  type Profile,
  profile,
  renderText,
  toSchema,
} from '../../../src/diff/index.js'
import { escapeKey } from '../../../src/diff/paths.js'
import type { PathProfile } from '../../../src/diff/profile.js'
import { bytesOf, errorOf, linesOf, profileCsv } from './fixtures/helpers.js'
import {
  contractOf,
  driftOfX12,
  interchange,
  ordersOfDay,
  profileX12,
  type TransactionSet,
} from './fixtures/x12.js'

const contract = contractOf(ordersOfDay(1))
type Edit = (set: TransactionSet) => TransactionSet
const insert =
  (before: string, ...segments: string[]): Edit =>
  ([id, ...all]) => {
    const at = all.findIndex((segment) => segment.startsWith(before))
    return [id, ...all.slice(0, at), ...segments, ...all.slice(at)]
  }
const drop =
  (start: string, count = 1): Edit =>
  ([id, ...all]) => {
    const at = all.findIndex((segment) => segment.startsWith(start))
    return [id, ...all.slice(0, at), ...all.slice(at + count)]
  }
const replace =
  (pattern: RegExp, by: string): Edit =>
  ([id, ...all]) => [id, ...all.map((segment) => segment.replace(pattern, by))]

describe('two days of one partner', () => {
  it('do not drift: other numbers, dates, quantities and lines', () => {
    for (let day = 2; day < 29; day++)
      expect(linesOf(compare(contract, profileX12(ordersOfDay(day))))).toEqual([])
  })

  it('do not drift after a single order either', () => {
    const order = (rest: string) => interchange([['850', `BEG*00*SA*${rest}`, 'PO1*1*5*EA*10', 'CTT*1']])
    const first = order('4711**20240301*1215')
    expect(linesOf(driftOfX12(first, order('0815**20240302*0930')))).toEqual([])
    const more = interchange([
      ['850', 'BEG*00*SA*123**20240302*0001', 'PO1*1*12*EA*9.25', 'PO1*2*1.5*EA*.5', 'CTT*2'],
    ])
    expect(linesOf(driftOfX12(first, more))).toEqual([])
  })

  it('nor do times of the afternoon and of the morning', () => {
    const events = (hour: string) =>
      interchange([['214', ...Array.from({ length: 40 }, (_, i) => `AT7*X1*NS***20240301*${hour}${10 + i}`)]])
    expect(linesOf(driftOfX12(events('15'), events('09')))).toEqual([])
    expect(linesOf(driftOfX12(events('15'), events('090')))).toEqual([
      'changed 214.AT7[].AT706 type breaking',
    ])
  })

  it('nor do other partners, delimiters or environments in the envelope', () => {
    const other = ordersOfDay(3)
      .replace('*ZZ*BUYER          *', '*01*5551           *')
      .replace('*0*P*>', '*1*T*:')
    expect(linesOf(compare(contract, profileX12(other)))).toEqual([])
    expect(linesOf(compare(contract, profileX12(ordersOfDay(3).replaceAll('~\n', '~'))))).toEqual([])
  })
})

/** What is done to every order of a day; the change it must show as, severity, result. */
const mutations: [name: string, edit: Edit, changes: string[], severity: string | null, result: string][] = [
  ['nothing', (set) => set, [], null, 'pass'],
  ['drop a segment', drop('DTM'), ['removed 850.DTM[002] breaking'], 'major', 'breaking'],
  ['drop a qualifier', drop('REF*DP'), ['removed 850.REF[DP] breaking'], 'major', 'breaking'],
  ['drop N1*ST and what it holds', drop('N1*ST', 3), ['removed 850.N1[ST] breaking'], 'major', 'breaking'],
  [
    'drop all PID',
    (set) => set.filter((s) => !s.startsWith('PID')) as TransactionSet,
    ['removed 850.PO1[].PID breaking'],
    'major',
    'breaking',
  ],
  ['add a segment', insert('N1*ST', 'FOB*CC'), ['added 850.FOB warning'], 'trivial', 'warning'],
  ['add REF*ZZ', insert('PER', 'REF*ZZ*9'), ['added 850.REF[ZZ] warning'], 'trivial', 'warning'],
  ['add N1*SF', insert('PO1', 'N1*SF*X', 'N3*Y', 'N4*Z'), ['added 850.N1[SF] warning'], 'trivial', 'warning'],
  [
    'add a segment to each line',
    replace(/^(PO1.*)$/, '$1~\nMEA**WT*1'),
    ['added 850.PO1[].MEA warning'],
    'trivial',
    'warning',
  ],
  [
    'other qualifier',
    replace(/^REF\*DP/, 'REF*IA'),
    ['removed 850.REF[DP] breaking', 'added 850.REF[IA] warning'],
    'major',
    'breaking',
  ],
  [
    'element dropped',
    replace(/^(PO1\*\d+\*\d+)\*EA/, '$1*'),
    ['removed 850.PO1[].PO103 breaking'],
    'major',
    'breaking',
  ],
  [
    'element dropped in some',
    replace(/^(PO1\*1\*\d+)\*EA/, '$1*'),
    ['changed 850.PO1[].PO103 presence warning'],
    'minor',
    'warning',
  ],
  ['element added', replace(/^(BEG.*)$/, '$1*C77'), ['added 850.BEG.BEG06 warning'], 'trivial', 'warning'],
  ['pair added', replace(/^(PO1.*)$/, '$1*VN*A1'), ['added 850.PO1[].(VN) warning'], 'trivial', 'warning'],
  ['pair dropped', replace(/\*BP\*[\d-]+/, ''), ['removed 850.PO1[].(BP) breaking'], 'major', 'breaking'],
  ['pairs in another order', replace(/(\*BP\*[\d-]+)(\*UP\*\d+)/, '$2$1'), [], null, 'pass'],
  [
    'number to text',
    replace(/^(AMT\*TT\*)(.*)$/, '$1USD $2'),
    ['changed 850.AMT[TT].AMT02 type breaking'],
    'major',
    'breaking',
  ],
  [
    'text to composite',
    replace(/^N4\*TOWN/, 'N4*TOWN>X'),
    ['changed 850.N1[ST].N4.N401 structure breaking'],
    'major',
    'breaking',
  ],
  [
    'segment repeated',
    insert('PER', 'REF*DP*1'),
    ['changed 850.REF[DP] cardinality breaking'],
    'minor',
    'breaking',
  ],
  [
    'loop repeated',
    insert('N1*BT', 'N1*ST*X*92*1', 'N3*Y', 'N4*Z*OH*1'),
    ['changed 850.N1[ST] cardinality breaking'],
    'minor',
    'breaking',
  ],
  [
    'segment moved',
    (set) => insert('CTT', 'DTM*002*20240301*1230')(drop('DTM')(set)),
    ['removed 850.DTM[002] breaking', 'added 850.PO1[].DTM[002] warning'],
    'major',
    'breaking',
  ],
]

describe('a change of the feed is one finding', () => {
  it.each(mutations)('%s', (_, edit, changes, severity, result) => {
    const report = compare(contract, profileX12(ordersOfDay(2, edit)))
    expect(linesOf(report)).toEqual(changes)
    expect(report.severity).toBe(severity)
    expect(report.result).toBe(result)
    for (const { kind, witness } of report.changes)
      if (kind === 'added') expect(witness!.segment).toBeGreaterThan(2)
  })

  it('another version', () => {
    const text = ordersOfDay(2).replace('X*004010', 'X*005010')
    const report = compare(contract, profileX12(text))
    expect(report.changes).toMatchObject([
      { kind: 'changed', path: '850', aspect: 'structure', from: 'version 004010', to: 'version 005010' },
    ])
    expect(report).toMatchObject({ severity: 'major', result: 'breaking' })
    expect(linesOf(compare(contract, profileX12(text), { ignore: ['850'] }))).toEqual([])
  })

  it('a transaction set that appears or is gone', () => {
    const one = ordersOfDay(1)
    const both = one + interchange([['997', 'AK1*PO*1', 'AK9*A*1*1*1']])
    expect(linesOf(driftOfX12(one, both))).toEqual(['added 997 warning'])
    expect(linesOf(driftOfX12(both, one))).toEqual(['removed 997 warning'])
    expect(driftOfX12(both, one).severity).toBe('major')
  })

  it('an element that begins to repeat', () => {
    const five = { interchange: '00501', eleventh: '^' }
    const answer = (codes: string) => interchange([['271', 'HL*1**22', `EB*1**${codes}`]], five)
    expect(linesOf(driftOfX12(answer('30'), answer('30^42')))).toEqual([
      'changed 271.HL[22].EB[].EB03 cardinality warning',
    ])
    expect(linesOf(driftOfX12(answer('30^42'), answer('30')))).toEqual([])
    expect(linesOf(driftOfX12(answer('30^42'), answer('30^42^7^8')))).toEqual([])
  })

  it('a repetition that the contract knows is none, and accepting one makes it known', () => {
    const twice = ordersOfDay(2, insert('PER', 'REF*DP*1'))
    expect(linesOf(driftOfX12(twice, ordersOfDay(3)))).toEqual([])
    const [change] = compare(contract, profileX12(twice)).changes
    expect(change!.proposal).toMatchObject({
      op: 'set',
      path: '850.REF[DP]',
      schema: { 'x-drift': { times: 2 } },
    })
  })

  it('codes that lose their leading zeros', () => {
    const week = contractOf([1, 2, 3, 4, 5].map((day) => ordersOfDay(day)).join(''))
    const report = compare(week, profileX12(ordersOfDay(6, replace(/\*UP\*\d+/, '*UP*123'))))
    expect(linesOf(report)).toEqual(['changed 850.PO1[].(UP) format warning'])
  })
})

describe('brackets in a path', () => {
  it.each([
    ['N1[ST]', 'N1[ST]'],
    ['a[0]', 'a[0]'],
    ['[]', '\\[\\]'],
    ['a[]', 'a\\[\\]'],
    ['a.b[]c', 'a\\.b\\[\\]c'],
    ['[[]]', '[\\[\\]]'],
  ])('are escaped only where they read as an item: %s', (key, escaped) => {
    expect(escapeKey(key)).toBe(escaped)
  })

  it('are no wildcard in a policy', () => {
    const seen = profileX12(ordersOfDay(2, insert('PER', 'REF*ZZ*9')))
    expect(linesOf(compare(contract, seen, { ignore: ['850.REF[ZZ]'] }))).toEqual([])
    expect(linesOf(compare(contract, seen, { ignore: ['850.REF[*]'] }))).toEqual([])
    expect(linesOf(compare(contract, seen, { ignore: ['850.REF[DP]'] }))).toEqual([
      'added 850.REF[ZZ] warning',
    ])
  })
})

describe('the envelope', () => {
  it('that does not add up is an observation, not drift', () => {
    const damaged = ordersOfDay(2)
      .replace(/SE\*\d+/, 'SE*1')
      .replace(/IEA\*1/, 'IEA*3')
    const report = compare(contract, profileX12(damaged))
    expect(report.hasDrift).toBe(false)
    expect(report.observations).toMatchObject([
      { kind: 'integrity', path: '$', witness: { segment: expect.any(Number) } },
      { kind: 'integrity', path: '850', message: 'SE01 is not the number of segments (1 ×)' },
    ])
  })
})

/** What two profiles must agree on: everything but where it stood. */
function essence(path: PathProfile): unknown {
  const sorted = [...path.children].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    ...path,
    places: null,
    sketch: { ...path.sketch, entries: path.sketch.entries.map(({ place: _, ...entry }) => entry) },
    children: new Map(sorted.map(([key, child]) => [key, essence(child)])),
    rest: path.rest && essence(path.rest),
    items: path.items && essence(path.items),
  }
}

const value = fc.oneof(
  fc.constantFrom('', ' ', '1', '01', '1.5', '-2', 'AB', 'x>y', '20240301', 'ST', 'REF', '__proto__'),
  fc.stringMatching(/^[A-Za-z0-9 .>-]{0,12}$/),
)
const id = fc.constantFrom(
  ...'BEG REF N1 N3 N4 PER PO1 PID DTM HL LIN SN1 LX CLM SV1 SBR NM1 LS LE EB CTT AMT SLN AK2 AK5 SDQ ZZZ'.split(
    ' ',
  ),
)
const segment = fc
  .tuple(id, fc.array(value, { maxLength: 9 }))
  .map(([name, values]) => [name, ...values].join('*'))
const set = fc
  .tuple(fc.constantFrom('850', '837', '271', '856'), fc.array(segment, { maxLength: 25 }))
  .map(([name, segments]): TransactionSet => [name, ...segments])
const sets = fc.array(set, { maxLength: 4 })

describe('laws', () => {
  it('a file never drifts from its own contract, whatever its segments', () => {
    fc.assert(
      fc.property(sets, fc.constantFrom('U', '-'), (all, eleventh) => {
        const seen = profileX12(interchange(all, { interchange: '00501', eleventh }))
        const schema = JSON.parse(JSON.stringify(toSchema(seen)))
        expect(linesOf(compare(schema, seen))).toEqual([])
        expect(linesOf(compare(schema, schema))).toEqual([])
      }),
      { numRuns: 400 },
    )
  })

  const rootOf = ({ root }: Profile) => essence(root)

  it('profiles add up in any order and grouping', () => {
    fc.assert(
      fc.property(sets, sets, sets, (a, b, c) => {
        const [x, y, z] = [a, b, c].map((all) => profileX12(interchange(all))) as [Profile, Profile, Profile]
        expect(rootOf(mergeProfiles(x, y))).toEqual(rootOf(mergeProfiles(y, x)))
        expect(rootOf(mergeProfiles(mergeProfiles(x, y), z))).toEqual(
          rootOf(mergeProfiles(x, mergeProfiles(y, z))),
        )
      }),
      { numRuns: 150 },
    )
  })

  it('profiles add up to the profile of all sets together', () => {
    const childrenOf = ({ root }: Profile) =>
      [...root.children]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, path]) => [key, { ...(essence(path) as object), seen: 0, position: null }])
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        const merged = mergeProfiles(profileX12(interchange(a)), profileX12(interchange(b)))
        expect(childrenOf(merged)).toEqual(childrenOf(profileX12(interchange([...a, ...b]))))
      }),
      { numRuns: 300 },
    )
  })

  it('what both showed drifts from neither', () => {
    const both = toSchema(
      mergeProfiles(profileX12(ordersOfDay(1)), profileX12(ordersOfDay(2, insert('PER', 'REF*ZZ*9')))),
    )
    expect(linesOf(compare(both, profileX12(ordersOfDay(3))))).toEqual([])
    expect(linesOf(compare(both, profileX12(ordersOfDay(3, insert('PER', 'REF*ZZ*8')))))).toEqual([])
  })

  it('a contract for X12 takes no table', () => {
    expect(errorOf(() => compare(contract, profileCsv('a,b\n1,2\n'))).code).toBe('FORMAT_MISMATCH')
    expect(errorOf(() => profile(bytesOf(ordersOfDay(1)), { format: 'json' })).code).toBe('FORMAT_MISMATCH')
  })
})

describe('values stay private', () => {
  it('in schemas, reports, texts and errors', () => {
    const secret = fc.stringMatching(/^[a-z0-9]{14,40}$/)
    fc.assert(
      fc.property(fc.array(secret, { minLength: 4, maxLength: 8 }), (secrets) => {
        const [a, b, c, d] = secrets as [string, string, string, string]
        const before = interchange([
          ['850', `BEG*00*SA*${a}`, `REF*${b}*${c}`, `N1*ST*${d}`, `LIN**${a}*${b}`],
        ])
        const after = interchange([
          ['850', `BEG*00*${c}*${d}`, `REF*DP*${b}`, `N1*${a}*${d}`, `PO1*${a}>${b}*1`],
        ])
        const odd = after.replace('X*004010', `X*${c}`)
        const report = compare(contractOf(before), profileX12(odd))
        const refused = errorOf(() => profileX12(after.replace('REF*DP', a))).message
        const shown =
          JSON.stringify(contractOf(before)) + JSON.stringify(report) + renderText(report) + refused
        for (const text of secrets) expect(shown.includes(text)).toBe(false)
      }),
      { numRuns: 100 },
    )
  })
})
