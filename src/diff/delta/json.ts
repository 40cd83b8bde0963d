/** JSON values: what is one, whether two are equal, and a hash that equal ones share. */
import { DrifthookError } from '../../errors.js'
import { type DiffLimits, limitExceeded } from '../limits.js'
import { mix } from '../token.js'
import type { Budget } from './budget.js'
import type { JsonObject, JsonScalar, JsonValue } from './model.js'

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isScalar(value: JsonValue | undefined): value is JsonScalar {
  return value !== undefined && (value === null || typeof value !== 'object')
}

/** Own keys only: `__proto__` and `constructor` are keys like others. */
export function field(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/**
 * Lets through what JSON can say (RFC 8259), to a depth that recursion survives; so cycles end here too.
 * Prototypes are judged by having none above: objects of another realm are plain as well.
 */
export function assertJson(value: unknown, limits: DiffLimits, depth = 0): asserts value is JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return
  if (typeof value === 'number' && Number.isFinite(value)) return
  if (typeof value !== 'object') throw notJson(typeof value)
  if (depth >= limits.depth) throw limitExceeded('depth', limits)
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) assertJson(value[i], limits, depth + 1)
    return
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw notJson('class instance')
  for (const key of Object.keys(value)) assertJson((value as JsonObject)[key], limits, depth + 1)
}

/** The same of what `JSON.parse` or a reader of ours made, where only the depth is in question. */
export function assertDepth(value: JsonValue, limits: DiffLimits, depth = 0): void {
  if (typeof value !== 'object' || value === null) return
  if (depth >= limits.depth) throw limitExceeded('depth', limits)
  if (Array.isArray(value)) for (const item of value) assertDepth(item, limits, depth + 1)
  else for (const key in value) assertDepth(value[key]!, limits, depth + 1)
}

function notJson(what: string): DrifthookError {
  return new DrifthookError('FILE_MALFORMED', `The document holds a ${what}, which JSON cannot say.`)
}

/** Long texts take their time. */
function cost(value: JsonValue): number {
  return typeof value === 'string' ? 1 + (value.length >>> 5) : 1
}

/** The order of keys does not matter, that of items does. */
export function equal(a: JsonValue, b: JsonValue, budget: Budget): boolean {
  budget.spend(cost(a))
  if (a === b) return true
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false
    for (let i = 0; i < a.length; i++) if (!equal(a[i]!, b[i]!, budget)) return false
    return true
  }
  if (!isObject(a) || !isObject(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  for (const key of keys) {
    const other = field(b, key)
    if (other === undefined || !equal(a[key]!, other, budget)) return false
  }
  return true
}

/**
 * 53 bits, equal for equal values. Two values may share one: that makes a poor pair, never a missed change,
 * as whatever is paired is compared.
 */
export function hash(value: JsonValue, budget: Budget): number {
  budget.spend(cost(value))
  if (Array.isArray(value)) {
    let [low, high] = [1, value.length]
    for (const item of value) {
      const inner = hash(item, budget)
      low = Math.imul(low ^ lowOf(inner), 0x01000193)
      high = Math.imul(high ^ highOf(inner), 0x85ebca6b) + low
    }
    return join(low, high)
  }
  if (isObject(value)) {
    // A sum does not know the order of its parts.
    let [low, high] = [2, 2]
    for (const key of Object.keys(value)) {
      const name = hashText(key, 3)
      const inner = hash(value[key]!, budget)
      low = (low + mix(lowOf(name) ^ Math.imul(lowOf(inner), 0xc2b2ae35))) | 0
      high = (high + mix(highOf(name) ^ Math.imul(highOf(inner), 0x27d4eb2f))) | 0
    }
    return join(low, high)
  }
  return typeof value === 'string' ? hashText(value, 4) : hashText(String(value), 5)
}

function hashText(text: string, seed: number): number {
  // Far apart, or `"0"` would be 1: they differ in one bit of type and of text.
  let [low, high] = [mix(seed), mix(~seed)]
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    low = Math.imul(low ^ unit, 0x01000193)
    high = Math.imul(high ^ unit, 0x85ebca6b)
  }
  return join(low, high)
}

const lowOf = (hashed: number): number => hashed | 0
const highOf = (hashed: number): number => (hashed / 2 ** 32) | 0

function join(low: number, high: number): number {
  return (mix(low) >>> 0) + (mix(high) >>> 11) * 2 ** 32
}
