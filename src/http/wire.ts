/**
 * The wire speaks `snake_case`, the services `camelCase`. Keys are renamed at every depth, but for the values
 * that are somebody else's: below these the names are data.
 */
const foreign = new Set([
  'schema',
  'sample',
  'samples',
  'data',
  'example',
  'headers',
  'request_headers',
  'response_headers',
  'evidence',
])

const snake = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const camel = (key: string): string =>
  key.replace(/(?<=[a-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

/** A service's answer as JSON. */
export const toWire = (value: unknown): unknown =>
  renamed(value, snake, (_key, wireKey) => foreign.has(wireKey))

/** Marks a key that was not in `snake_case`, so that no service knows it. */
const misspelt = '\u0000'

/**
 * A request's JSON as a service's input. A key that is not in `snake_case` is refused by the service as the
 * unknown field it is on the wire, even where the service has one of that spelling.
 */
export const fromWire = (value: unknown): unknown =>
  renamed(
    value,
    (key) => (key === key.toLowerCase() ? camel(key) : key + misspelt),
    (wireKey) => foreign.has(wireKey),
  )

/** A field's path as the caller wrote it. */
export function pathToWire(path: string): string {
  let theirs = false
  const spelt = path.split('.').map((part) => {
    if (theirs || part.includes(misspelt)) return part.replace(misspelt, '')
    theirs = foreign.has(snake(part.replace(/(\[\d+\])+$/, '')))
    return snake(part)
  })
  return spelt.join('.')
}

function renamed(
  value: unknown,
  rename: (key: string) => string,
  isForeign: (key: string, renamedKey: string) => boolean,
): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename, isForeign))
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  const out: Record<string, unknown> = Object.create(null)
  for (const [key, inner] of Object.entries(value)) {
    const name = rename(key)
    out[name] = isForeign(key, name) ? inner : renamed(inner, rename, isForeign)
  }
  return out
}
