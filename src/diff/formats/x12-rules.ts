/**
 * What is known of X12 segments without the maps of a partner: where their meaning sits, which of them open a
 * loop, which repeat by nature. Taken from the transaction set tables that are public in the implementation
 * guides of trading partners; whatever is not listed is an ordinary segment of the innermost loop.
 */
import { unpackName } from './x12-reader.js'

export interface SegmentRule {
  readonly id: string
  /** `PO102` for 2. */
  readonly elementName: (position: number) => string
  /** The element whose code says what the segment means: it becomes part of the path. 0: none. */
  readonly qualifier: number
  /** The first and last of the elements that are pairs of a code and a value, in any order of pairs. */
  readonly pairs: readonly [number, number] | null
  /** Occurs any number of times in one loop: `PO1[]`. */
  readonly repeats: boolean
  /** Elements that count or date the exchange itself; never compared. */
  readonly volatile: ReadonlySet<number>
  /** Elements that are composite even with one component. */
  readonly composite: ReadonlySet<number>
  /** In prose, and in binary data, what looks like a component separator is none. */
  readonly kind: 'plain' | 'prose'
  readonly loop: LoopRule | null
  /** Ends the open loops of this rank and beyond; 0 ends all of them. Null: ends none. */
  readonly closes: number | null
}

/** How a segment opens a loop. */
export interface LoopRule {
  /** A loop ends those of its own rank and beyond, and lies in what is then open. */
  readonly rank: number
  /** Only these segments belong to it; any other ends it. Without: everything until a loop starts. */
  readonly absorbs?: ReadonlySet<string>
  /** Only in this transaction set, in all but this one, or only inside that loop. */
  readonly only?: string
  readonly except?: string
  readonly within?: string
}

const words = (text: string): Set<string> => new Set(text.split(/\s+/))

const qualifiers: Readonly<Record<string, number>> = {
  AMT: 1,
  CAS: 1,
  CUR: 1,
  DTM: 1,
  DTP: 1,
  G61: 1,
  G62: 1,
  HL: 3,
  L11: 2,
  LQ: 1,
  LS: 1,
  MAN: 1,
  N1: 1,
  N9: 1,
  NM1: 1,
  PER: 1,
  PRV: 1,
  QTY: 1,
  R4: 1,
  REF: 1,
  TXI: 1,
}

const pairs: Readonly<Record<string, readonly [number, number]>> = {
  ACK: [7, 28],
  IT1: [6, 25],
  LIN: [2, 31],
  PER: [3, 8],
  PO1: [6, 25],
  POC: [8, 27],
  SLN: [9, 28],
  W01: [4, 7],
}

const repeating = words('CTX FST HI K3 MEA MSG NTE PID PKG SAC SDQ STC TD1 TD5')
const prose = words('BDS BIN K3 MSG MTX N2 N3 NTE PID')
const volatile = words('BHT04 BHT05 CTT01 HL01 HL02')
const composites = words(
  `AK401 CLM05 CLM11 CTP05 EB13 EB14 EQ02 HI01 HI02 HI03 HI04 HI05 HI06 HI07 HI08 HI09 HI10 HI11 HI12 IK401
  MEA04 QTY03 REF04 SLN05 STC01 STC10 STC11 SV101 SV107 SV202 SV301 SV304 SVC01 SVC06 SVD03 TOO03`,
)

/** The rank of the small groups: every loop that starts ends them. */
export const groupRank = 9

const loops: Readonly<Record<string, LoopRule>> = {
  AK2: { rank: 1 },
  CLM: { rank: 1 },
  EB: { rank: 1 },
  ENT: { rank: 1 },
  // In 271 it is one of the segments about a person.
  INS: { rank: 1, only: '834' },
  IT1: { rank: 1 },
  PO1: { rank: 1 },
  POC: { rank: 1 },
  PTD: { rank: 1 },
  S5: { rank: 1 },
  AK3: { rank: 2 },
  HD: { rank: 2 },
  IK3: { rank: 2 },
  LX: { rank: 2 },
  RMR: { rank: 2 },
  // The subscriber's own one is a plain segment of the level; those in a claim are other payers.
  SBR: { rank: 2, within: 'CLM' },
  ADX: { rank: 3 },
  AK4: { rank: 3 },
  CLP: { rank: 3 },
  IK4: { rank: 3 },
  LIN: { rank: 3 },
  SVD: { rank: 3 },
  W01: { rank: 3 },
  W12: { rank: 3 },
  ACK: { rank: 4 },
  SDP: { rank: 4 },
  SLN: { rank: 4 },
  SVC: { rank: 4 },
  AT7: { rank: groupRank, absorbs: words('MS1 MS2 M7') },
  N1: { rank: groupRank, absorbs: words('N2 N3 N4 PER REF G61') },
  N9: { rank: groupRank, absorbs: words('MSG') },
  // In 835 the segments behind a name are about the claim again.
  NM1: { rank: groupRank, absorbs: words('N2 N3 N4 PER REF DMG PRV'), except: '835' },
}

const closers: Readonly<Record<string, number>> = {
  AK5: 2,
  AK9: 0,
  CTT: 0,
  G33: 0,
  IK5: 2,
  L3: 0,
  PLB: 0,
  TDS: 0,
  W03: 0,
  W14: 0,
  W76: 0,
}

/** What CTT01 counts. In other sets it is left alone. */
export const lineSegments: Readonly<Record<string, string>> = {
  '810': 'IT1',
  '830': 'LIN',
  '832': 'LIN',
  '846': 'LIN',
  '850': 'PO1',
  '855': 'PO1',
  '856': 'HL',
  '860': 'POC',
  '865': 'POC',
}

const rules = new Map<number, SegmentRule>()
const noPositions: ReadonlySet<number> = new Set()
/** Identifiers nobody lists come from the file: the cache of rules stays small. */
const rulesKept = 2_000

/** The rule for an identifier, see `packName`. */
export function ruleOf(id: number): SegmentRule {
  const known = rules.get(id)
  if (known) return known
  const rule = makeRule(unpackName(id))
  if (rules.size < rulesKept) rules.set(id, rule)
  return rule
}

function makeRule(id: string): SegmentRule {
  const loop = own(loops, id)
  const qualifier = own(qualifiers, id) ?? 0
  return {
    id,
    elementName: (position) => id + String(position).padStart(2, '0'),
    qualifier,
    pairs: own(pairs, id),
    repeats: qualifier === 0 && (loop !== null || repeating.has(id)),
    volatile: positionsIn(volatile, id),
    composite: positionsIn(composites, id),
    kind: prose.has(id) ? 'prose' : 'plain',
    loop,
    closes: own(closers, id),
  }
}

function own<T>(table: Readonly<Record<string, T>>, id: string): T | null {
  return Object.hasOwn(table, id) ? table[id]! : null
}

/** Which elements of a segment a list like `HL01 HL02` names. */
function positionsIn(list: ReadonlySet<string>, id: string): ReadonlySet<number> {
  const named = [...list].filter((name) => name.length === id.length + 2 && name.startsWith(id))
  return named.length > 0 ? new Set(named.map((name) => Number(name.slice(-2)))) : noPositions
}
