import type { AddressGuard, Refusal } from './address-guard.js'

/** A URL as a request needs it, judged. */
export type Target = { refusal: Refusal } | { refusal: null; origin: string; path: string }

/** URLs that are remembered: of the receivers that are busy now. */
const mostRemembered = 1_000

/**
 * Reads and judges a URL once while it is in use. What the guard says of a URL alone never changes; names are
 * judged again with every connection.
 */
export function targetReader(guard: AddressGuard): (url: string) => Target {
  const known = new Map<string, Target>()
  return (text) => {
    const target = known.get(text) ?? read(guard, text)
    known.delete(text)
    known.set(text, target)
    if (known.size > mostRemembered) known.delete(known.keys().next().value ?? '')
    return target
  }
}

function read(guard: AddressGuard, text: string): Target {
  const refusal = guard.refusalOfUrl(text)
  if (refusal !== null) return { refusal }
  const { origin, pathname, search } = new URL(text)
  return { refusal: null, origin, path: pathname + search }
}
