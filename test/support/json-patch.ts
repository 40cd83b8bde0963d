/** Applies RFC 6902 to a document as the RFC reads, sharing nothing with what makes patches. */
import { expect } from 'vitest'
import type { JsonPatchOperation, JsonValue } from '../../src/diff/index.js'

type Container = JsonValue[] | { [key: string]: JsonValue }

export function applyPatch(document: JsonValue, operations: readonly JsonPatchOperation[]): JsonValue {
  // The document is the one field of a box, so that replacing all of it is nothing special.
  const box = { '': structuredClone(document) }
  for (const operation of operations) {
    if (operation.op === 'remove') take(box, operation.path)
    else if (operation.op === 'add') put(box, operation.path, structuredClone(operation.value))
    else if (operation.op === 'move') put(box, operation.path, take(box, operation.from))
    else {
      take(box, operation.path)
      put(box, operation.path, structuredClone(operation.value))
    }
  }
  return box['']
}

/** The container that holds the target, and the target's name in it. */
function locate(box: Container, pointer: string): [Container, string] {
  if (pointer !== '' && !pointer.startsWith('/')) throw new Error(`not a pointer: ${pointer}`)
  const names = pointer.split('/').map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'))
  const last = names.pop()!
  let container = box
  for (const name of names) {
    if (!Object.hasOwn(container, name)) throw new Error(`nothing at ${pointer}`)
    container = (container as Record<string, JsonValue>)[name] as Container
  }
  return [container, last]
}

function take(box: Container, pointer: string): JsonValue {
  const [container, name] = locate(box, pointer)
  if (!Object.hasOwn(container, name)) throw new Error(`nothing to take at ${pointer}`)
  if (Array.isArray(container)) return container.splice(indexIn(name, container.length - 1), 1)[0]!
  const value = container[name]!
  delete container[name]
  return value
}

function put(box: Container, pointer: string, value: JsonValue): void {
  const [container, name] = locate(box, pointer)
  if (Array.isArray(container)) container.splice(indexIn(name, container.length), 0, value)
  else Object.defineProperty(container, name, { value, enumerable: true, configurable: true, writable: true })
}

function indexIn(name: string, most: number): number {
  if (!/^(0|[1-9]\d*)$/.test(name) || Number(name) > most) throw new Error(`no index: ${name}`)
  return Number(name)
}

/** Equal whatever the order of keys, and with keys like `__proto__` seen. */
export function expectSame(actual: JsonValue, expected: JsonValue): void {
  expect(canonical(actual)).toBe(canonical(expected))
}

export function canonical(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.keys(value).sort()
  return `{${fields.map((name) => `${JSON.stringify(name)}:${canonical(value[name]!)}`).join()}}`
}
