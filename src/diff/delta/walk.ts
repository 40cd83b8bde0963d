/** Walks two documents side by side and writes down where they part. */
import { childPath, itemPath, root } from '../paths.js'
import { type Alignment, alignByContent, alignByKey, type Token } from './align.js'
import { type Budget, BudgetSpent } from './budget.js'
import { Identities, keyToken } from './identity.js'
import { equal, field, hash, isObject } from './json.js'
import type { DeltaChange, DeltaSummary, JsonObject, JsonScalar, JsonValue, KeyUse } from './model.js'
import { pointerTo } from './pointer.js'

/** One step on the way to a value. Paths are spelt out only where something differs. */
interface Step {
  parent: Step | null
  /** The key, or the index in the second document. */
  at: string | number
  /** The key, or the index in the first document. */
  was: string | number
  /** Of a record that was matched by its key. */
  record?: { item: JsonObject; key: readonly string[] }
}

export class Walk {
  readonly changes: DeltaChange[] = []
  readonly summary: DeltaSummary = { additions: 0, removals: 0, replacements: 0, moves: 0 }
  readonly #identities: Identities

  constructor(
    readonly budget: Budget,
    keys: Readonly<Record<string, readonly string[]>>,
    /** How a path is shown. */
    readonly readable: (path: string) => string,
  ) {
    this.#identities = new Identities(keys, budget)
  }

  keysUsed(): KeyUse[] {
    return this.#identities.used()
  }

  value(a: JsonValue, b: JsonValue, step: Step | null = null): void {
    this.budget.spend(1)
    if (a === b) return
    if (isObject(a) && isObject(b)) this.#object(a, b, step)
    else if (Array.isArray(a) && Array.isArray(b)) this.#list(a, b, step)
    else {
      this.#add('replacements', { op: 'replace', ...this.#at(step), from: a, to: b })
    }
  }

  #object(a: JsonObject, b: JsonObject, parent: Step | null): void {
    const keys = Object.keys(a)
    const others = Object.keys(b)
    // Records of one list mostly have the same keys in the same order: then there is nothing to look up.
    const alike = keys.length === others.length && keys.every((at, i) => at === others[i])
    if (!alike) {
      for (const at of keys) {
        if (!Object.hasOwn(b, at)) this.#remove(a[at]!, { parent, at, was: at })
      }
      for (const at of others) {
        if (!Object.hasOwn(a, at)) this.#insert(b[at]!, { parent, at, was: at })
      }
    }
    for (const at of keys) {
      const other = alike ? b[at] : field(b, at)
      if (other !== undefined && other !== a[at]) this.value(a[at]!, other, { parent, at, was: at })
    }
  }

  #list(a: readonly JsonValue[], b: readonly JsonValue[], parent: Step | null): void {
    // What is equal at both ends needs no table, and mostly that is all there is.
    let start = 0
    let tail = 0
    const size = Math.min(a.length, b.length)
    while (start < size && equal(a[start]!, b[start]!, this.budget)) start++
    // Of two lists as long as each other the pair that ended the head would end the tail.
    const most = size - start - (a.length === b.length ? 1 : 0)
    while (tail < most && equal(a[a.length - 1 - tail]!, b[b.length - 1 - tail]!, this.budget)) tail++
    const left = a.slice(start, a.length - tail)
    const right = b.slice(start, b.length - tail)
    if (left.length === 0 && right.length === 0) return
    const key = left.length > 0 && right.length > 0 ? this.#keyFor(parent, a, b) : null
    const { pairs, removed, added } = this.#align(left, right, key)
    const step = (i: number, j: number, item: JsonValue): Step => {
      const made: Step = { parent, at: start + j, was: start + i }
      if (key && isObject(item) && keyToken(item, key) !== null) made.record = { item, key }
      return made
    }
    for (const i of removed) this.#remove(left[i]!, step(i, i, left[i]!))
    for (const { a: i, b: j, moved } of pairs) if (moved) this.#move(step(i, j, right[j]!))
    for (const j of added) this.#insert(right[j]!, step(j, j, right[j]!))
    for (const { a: i, b: j } of pairs) this.value(left[i]!, right[j]!, step(i, j, right[j]!))
  }

  #keyFor(list: Step | null, a: readonly JsonValue[], b: readonly JsonValue[]): readonly string[] | null {
    const path = itemPath(pathTo(list))
    this.budget.spend(path.length)
    return this.#identities.keyFor(path, a, b)
  }

  #align(a: readonly JsonValue[], b: readonly JsonValue[], key: readonly string[] | null): Alignment {
    if (!key) {
      if (a.length === 1 && b.length === 1) return onePair
      const hashes = (items: readonly JsonValue[]) => items.map((item) => hash(item, this.budget))
      return alignByContent(hashes(a), hashes(b), this.budget)
    }
    // A record without the key is told by its content.
    const token = (item: JsonValue): Token => keyToken(item, key) ?? `\0${hash(item, this.budget)}`
    return alignByKey(a.map(token), b.map(token), this.budget)
  }

  #remove(from: JsonValue, step: Step): void {
    this.#add('removals', { op: 'remove', ...this.#at(step), pointer: pointerOf(step, 'was'), from })
  }

  #insert(to: JsonValue, step: Step): void {
    this.#add('additions', { op: 'add', ...this.#at(step), to })
  }

  #move(step: Step): void {
    this.#add('moves', { op: 'move', ...this.#at(step), fromPointer: pointerOf(step, 'was') })
  }

  #at(step: Step | null): { path: string; pointer: string; key?: Record<string, JsonScalar> } {
    const key = recordKey(step)
    const path = this.readable(pathTo(step))
    const pointer = pointerOf(step, 'at')
    // Every change below a long key repeats it: a small file could ask for gigabytes of paths.
    this.budget.spend(path.length + pointer.length)
    return { path, pointer, ...(key ? { key } : {}) }
  }

  #add(count: keyof DeltaSummary, change: DeltaChange): void {
    const { changes } = this.budget.limits
    if (this.changes.length >= changes) throw new BudgetSpent({ name: 'changes', value: changes })
    this.summary[count]++
    this.changes.push(change)
  }
}

const onePair: Alignment = { pairs: [{ a: 0, b: 0, moved: false }], removed: [], added: [] }

/** From the root to the step. */
function stepsTo(step: Step | null): Step[] {
  const steps: Step[] = []
  for (let each = step; each; each = each.parent) steps.push(each)
  return steps.reverse()
}

function pathTo(step: Step | null): string {
  return stepsTo(step).reduce(
    (path, { at }) => (typeof at === 'number' ? itemPath(path) : childPath(path, at)),
    root,
  )
}

function pointerOf(step: Step | null, side: 'at' | 'was'): string {
  return pointerTo(stepsTo(step).map((each) => each[side]))
}

/** Defined like any own key, `__proto__` too. */
function recordKey(step: Step | null): Record<string, JsonScalar> | null {
  for (let each = step; each; each = each.parent) {
    if (!each.record) continue
    const { item, key } = each.record
    return Object.fromEntries(key.map((name) => [name, item[name] as JsonScalar]))
  }
  return null
}
