/** What the counts of one path prove: its type, its format, its enumeration. Used to write and to compare. */

import { type JsonType, jsonTypes, type PathProfile, type TextFacts } from './profile.js'
import type { Sketch } from './sketch.js'
import { type TextFormat, textFormats } from './text-format.js'
import { chars } from './token.js'

/** Values before a format or an enumeration counts as the rule. */
export const firmEvidence = 20
/** Values before anything is said about them at all. */
export const someEvidence = 3
/** Parents before "never missed" is more than luck: 0 misses of 30 is below 10 % with 95 % confidence. */
export const strongEvidence = 30

/** What a format says about its texts, and how sure that is. */
export interface FormatClaim {
  name: TextFormat | 'numeric'
  /** `code` of one width: how many digits. */
  width?: number
  /** Proven by enough values; otherwise only a file without any such value contradicts it. */
  firm: boolean
}

/** Formats that tell themselves apart: a few of them are not a coincidence. */
const telling: readonly TextFormat[] = textFormats.slice(1, textFormats.indexOf('digits'))

/** The format that all texts have, if the evidence is enough to say so. */
export function formatClaim(text: TextFacts): FormatClaim | null {
  const { count, formats, length } = text
  if (count < someEvidence) return null
  const firm = count >= firmEvidence
  for (const name of telling) if (formats[name] === count) return { name, firm }
  if (!firm) return null
  const digits = (formats.digits ?? 0) + (formats.code ?? 0)
  if (digits === count && text.mask === chars.digit) {
    // A leading zero shows that the width is meant; without one numbers may just grow.
    const fixed = formats.code !== undefined && length !== null && length.min === length.max
    return fixed ? { name: 'code', width: length.min, firm } : { name: 'digits', firm }
  }
  return digits + (formats.decimal ?? 0) === count ? { name: 'numeric', firm } : null
}

/** How many of the texts have a claimed format. */
export function formatMatches(claim: Pick<FormatClaim, 'name' | 'width'>, text: TextFacts): number {
  const { formats, length } = text
  const digits = (formats.digits ?? 0) + (formats.code ?? 0)
  if (claim.name === 'numeric') return digits + (formats.decimal ?? 0)
  if (claim.name === 'digits') return digits
  if (claim.name !== 'code') return formats[claim.name] ?? 0
  return length !== null && length.min === claim.width && length.max === claim.width ? digits : 0
}

/** The type of a column whose values are all text: the narrowest that holds every one; null without values. */
export function columnType(types: PathProfile['types']): JsonType | null {
  if (types.string > 0) return 'string'
  if (types.boolean > 0) return types.integer + types.number > 0 ? 'string' : 'boolean'
  if (types.number > 0) return 'number'
  return types.integer > 0 ? 'integer' : null
}

/** The types seen, `integer` folded into `number`. In text formats the one of the column; empty fields are null. */
export function typesOf(path: PathProfile, textual: boolean): JsonType[] {
  // A table without records still has columns.
  const container = path.children.size > 0 || path.types.object + path.types.array > 0
  if (textual && (!container || path.types.array === 0)) {
    const type = columnType(path.types)
    const types = [...(type === null ? [] : [type]), ...(container ? (['object'] as const) : [])]
    return types.length > 0 && path.empty + path.blank + path.types.null > 0 ? ['null', ...types] : types
  }
  return jsonTypes.filter((t) => path.types[t] > 0 && !(t === 'integer' && path.types.number > 0))
}

/**
 * The codes of an enumeration, or null when the values are not one: few short codes, each seen often. The
 * chance that the next value is new is estimated by the share of values seen once (Good 1953) and must stay
 * below 2 %. Numbers are never an enumeration.
 */
export function enumerationOf(path: PathProfile): string[] | null {
  const { text, types, sketch } = path
  if (types.string !== text.count + path.empty + path.blank && types.string !== text.count) return null
  if (types.string === 0 || types.boolean + types.integer + types.number + types.object + types.array > 0)
    return null
  if (text.count < firmEvidence || path.blank > 0) return null
  const codes = codesOf(sketch)
  if (codes === null || codes.length > 2 * Math.sqrt(text.count)) return null
  const once = sketch.entries.filter((entry) => entry.count === 1).length
  return once / text.count < 0.02 ? codes : null
}

/** All values as codes of at most 12 characters, sorted; null if they are not all known or not all codes. */
function codesOf(sketch: Sketch): string[] | null {
  const literals = literalsOf(sketch)
  return literals?.every((value) => /^[A-Za-z][A-Za-z0-9_-]{0,11}$/.test(value)) ? literals.sort() : null
}

/** All distinct values, while they are few and short; else null. */
export function literalsOf(sketch: Sketch): string[] | null {
  if (sketch.partial) return null
  const literals = sketch.entries.flatMap(({ literal }) => (literal === undefined ? [] : [literal]))
  return literals.length === sketch.entries.length ? literals : null
}
