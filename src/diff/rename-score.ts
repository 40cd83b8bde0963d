/**
 * How much types and values speak for two paths being the same thing. As everywhere in the matching of
 * records, each fact has a weight, the natural logarithm of how much likelier it is for the same thing than
 * for two things, and weights add up (Fellegi & Sunter 1969). Facts of values hang together, so their sum
 * is capped; only values that occur on both sides may go beyond.
 */
import type { Traits } from './rename-traits.js'
import type { TextFormat } from './text-format.js'

/** From log odds to a probability, 0.5 for 0. */
export const logistic = (weight: number): number => 1 / (1 + Math.exp(-weight))

const lerp = (from: number, to: number, at: number) => from + (to - from) * Math.min(1, Math.max(0, at))

/** Whether two paths can be the same thing at all: a value never becomes an object by a mere rename. */
export function isCandidate(a: Traits, b: Traits): boolean {
  return a.type === b.type || a.type === null || b.type === null || !(isContainer(a) || isContainer(b))
}

const isContainer = ({ type }: Traits) => type === 'object' || type === 'array'

export function typeWeight(a: Traits, b: Traits): number {
  if (a.type === null || b.type === null) return 0
  if (a.type !== b.type) return -3
  return a.type === 'string' || a.type === 'number' ? 0.7 : 1.2
}

/** No value could contradict: names and places have to say more. */
const unseen = -1

/** @param commonness in how many siblings a value occurs, by its hash */
export function valueWeight(a: Traits, b: Traits, commonness: (mac: string) => number): number {
  if (isContainer(a) || isContainer(b)) return structureWeight(a, b) + fillWeight(a, b)
  const few = Math.min(a.count, b.count)
  if (few === 0)
    return unseen + formatWeight(a.format, b.format) + fillWeight(a, b) + overlapWeight(a, b, commonness)
  const trust = few / (few + 5)
  const likeness = trust * (textWeight(a, b) + numberWeight(a, b) + spreadWeight(a, b)) + fillWeight(a, b)
  return Math.max(-5, Math.min(3, likeness)) + overlapWeight(a, b, commonness)
}

/** Names below that both have. Two objects of unlike keys are two things. */
function structureWeight(a: Traits, b: Traits): number {
  if (a.items && b.items && a.inner.size + b.inner.size === 0) {
    return typeWeight(a.items, b.items) + valueWeight(a.items, b.items, () => 1)
  }
  const all = new Set([...a.inner.keys(), ...b.inner.keys()])
  if (all.size === 0) return 0
  return Math.min(1, all.size / 3) * lerp(-3, 6, structureLikeness(a, b))
}

/** Share of the names below that both have (Jaccard), half for one with another type. */
export function structureLikeness(a: Traits, b: Traits): number {
  const all = new Set([...a.inner.keys(), ...b.inner.keys()])
  let shared = 0
  for (const [name, type] of a.inner) {
    const other = b.inner.get(name)
    if (other !== undefined) shared += type === other || type === '' || other === '' ? 1 : 0.5
  }
  return all.size === 0 ? 0 : shared / all.size
}

const dateLike: ReadonlySet<string> = new Set([
  'date',
  'date-time',
  'date-time-local',
  'date-time-space',
  'date-slash',
  'date-dot',
])
const telling: ReadonlySet<string> = new Set([...dateLike, 'time', 'uuid', 'email', 'uri', 'code'])

/**
 * What the texts look like. A format says all there is to say: that two dates are equally long is no news;
 * and the length of a number is its digits, which are weighed as such.
 */
function textWeight(a: Traits, b: Traits): number {
  if (!a.text?.length || !b.text?.length || a.type === 'boolean') return 0
  const formats = [a.format, b.format] as const
  const format = formatWeight(...formats)
  if (formats[0] === 'code' && formats[1] === 'code')
    return format + lengthWeight(a.text.length, b.text.length)
  if (format !== 0 || (a.type === 'number' && b.type === 'number')) return format
  const length = lengthWeight(a.text.length, b.text.length)
  const classes = lerp(-1.5, 0.5, bitsJaccard(a.text.mask, b.text.mask))
  const shapes = a.shapes.size > 0 && b.shapes.size > 0 ? lerp(-0.7, 0.7, shapesShared(a, b)) : 0
  return length + classes + shapes
}

/** A rename hardly ever changes a format that tells itself: one in twenty, where most other columns would. */
function formatWeight(a: TextFormat | null, b: TextFormat | null): number {
  if (a === null || b === null) return 0
  if (a === b) return telling.has(a) ? 2 : 0
  if (dateLike.has(a) && dateLike.has(b)) return 0.5
  if (isDigits(a) && isDigits(b)) return -0.5
  return telling.has(a) || telling.has(b) ? -3 : 0
}

const isDigits = (format: TextFormat) => format === 'digits' || format === 'code'

function lengthWeight(a: { min: number; max: number }, b: { min: number; max: number }): number {
  const [fixedA, fixedB] = [a.min === a.max, b.min === b.max]
  if (fixedA && fixedB) return a.min === b.min ? 1 : -1.5
  if (fixedA || fixedB) return -0.7
  const shared = Math.min(a.max, b.max) - Math.max(a.min, b.min) + 1
  return lerp(-1.5, 0.5, shared / (Math.max(a.max, b.max) - Math.min(a.min, b.min) + 1))
}

function bitsJaccard(a: number, b: number): number {
  const all = countBits(a | b)
  return all === 0 ? 1 : countBits(a & b) / all
}

function countBits(bits: number): number {
  let count = 0
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++
  return count
}

function shapesShared(a: Traits, b: Traits): number {
  let shared = 0
  for (const [kind, share] of a.shapes) shared += Math.min(share, b.shapes.get(kind) ?? 0)
  return shared
}

/** Magnitude, scale, sign. Ranges are not part of a contract. */
function numberWeight({ number: a }: Traits, { number: b }: Traits): number {
  if (!a || !b) return 0
  const digits = lerp(0.4, -1.5, Math.abs(a.digits - b.digits) / 4)
  const fractions = Number(a.scale > 0) + Number(b.scale > 0)
  const scale = fractions === 1 ? -1 : fractions === 2 && a.scale === b.scale ? 0.5 : 0
  const signs = Number(a.negative > 0) + Number(b.negative > 0)
  return digits + scale + (signs === 1 ? -0.7 : signs === 2 ? 0.5 : 0)
}

/** Share of parents with a value. Both sometimes and equally often says most. */
function fillWeight({ filled: a }: Traits, { filled: b }: Traits): number {
  if (a === null || b === null) return 0
  const apart = Math.abs(a - b)
  const sometimes = a > 0.02 && a < 0.98
  return lerp(sometimes ? 0.8 : 0.2, -2, apart * 2)
}

/** All different, or the same few again and again. */
function spreadWeight(a: Traits, b: Traits): number {
  if (a.count === 0 || b.count === 0 || a.type === 'boolean') return 0
  const [ours, theirs] = [repeats(a), repeats(b)]
  if (ours === null || theirs === null) return 0
  if (ours !== theirs) return -1
  if (!ours || a.distinct === null || b.distinct === null) return 0.2
  return lerp(-0.7, 0.5, Math.min(a.distinct, b.distinct) / Math.max(a.distinct, b.distinct))
}

/** Whether the average value occurs at least three times; null: between that and hardly ever. */
function repeats({ distinct, count }: Traits): boolean | null {
  if (distinct === null) return false
  return distinct * 3 <= count ? true : distinct >= 0.9 * count ? false : null
}

/** Values that occur on both sides. Those of many columns, and short numbers, occur together by chance. */
function overlapWeight(a: Traits, b: Traits, commonness: (mac: string) => number): number {
  if (a.type === 'boolean' || b.type === 'boolean') return 0
  const hashed = a.values.length > 0 && b.values.length > 0
  const ours = hashed ? a.values : a.codes
  const theirs = hashed ? b.values : b.codes
  if (!ours?.length || !theirs?.length) return 0
  const size = Math.min(ours.length, theirs.length)
  // The first of both in their common order are a sample of both (bottom-k, Cohen & Kaplan 2007).
  const other = new Set(hashed ? theirs.slice(0, size) : theirs)
  const shared = (hashed ? ours.slice(0, size) : ours).filter((value) => other.has(value))
  if (shared.length === 0) return closedLists(a, b) ? -2 : 0
  const rare = shared.reduce((total, value) => total + 1 / Math.max(1, hashed ? commonness(value) : 1), 0)
  // Of short codes, many have to be the same.
  const longest = Math.min(a.text?.length?.max ?? 8, b.text?.length?.max ?? 8)
  const enough = longest <= 3 ? 10 : 4
  return 8 * (rare / size) * Math.min(1, rare / enough) * Math.min(surprise(a), surprise(b))
}

/** How surprising it is that two columns have the same values: small numbers and days occur everywhere. */
function surprise(traits: Traits): number {
  const { format } = traits
  if (format?.startsWith('date') && format !== 'date-time') return 0.3
  return traits.number ? Math.min(1, traits.number.digits / 8) : 1
}

/** Both have few values that come again and again: others would have shown. */
function closedLists(a: Traits, b: Traits): boolean {
  return a.type === 'string' && b.type === 'string' && repeats(a) === true && repeats(b) === true
}
