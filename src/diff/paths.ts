/**
 * Paths: dots between keys, `[]` for each item, `{*}` for each key of a map, `\` before a character that
 * would read as one of these. The file's own root is `$`.
 */

export const root = '$'
export const anyKey = '{*}'

/** What is nearly every key, and nothing to escape. */
const plainKey = /^[\w@-]+$/

/** One key as it is written in a path. The empty key is `""`; brackets read as items only as the pair `[]`. */
export function escapeKey(key: string): string {
  if (plainKey.test(key)) return key
  if (key === '') return '""'
  const escaped = key.replace(/[\\.]|\[(?=\])|(?<=\[)\]/g, '\\$&')
  return /^(\$$|\{\*\}$|"")/.test(escaped) ? `\\${escaped}` : escaped
}

export function childPath(parent: string, key: string): string {
  return join(parent, escapeKey(key))
}

export function mapPath(parent: string): string {
  return join(parent, anyKey)
}

export function itemPath(parent: string): string {
  return parent === root ? '[]' : `${parent}[]`
}

function join(parent: string, segment: string): string {
  return parent === root || parent === '' ? segment : `${parent}.${segment}`
}

/** The segments of a path or glob, still escaped. */
export function splitPath(path: string): string[] {
  const segments: string[] = []
  let segment = ''
  for (let i = 0; i < path.length; i++) {
    const char = path[i]!
    if (char === '\\') {
      segment += char + (path[++i] ?? '')
    } else if (char === '.') {
      segments.push(segment)
      segment = ''
    } else {
      segment += char
    }
  }
  segments.push(segment)
  return segments
}

/**
 * Whether a glob covers a path: `*` stands for any characters of one key (`*`, `*_at`, `lines*`), `**` for
 * any number of keys. Linear in both lengths: patterns come from tenants.
 */
export function globMatches(glob: string, path: string): boolean {
  return wildcard(splitPath(glob), splitPath(path), (segment) => segment === '**', segmentMatches)
}

function segmentMatches(pattern: string, segment: string): boolean {
  if (pattern === '*' || pattern === segment) return true
  if (pattern === anyKey) return false
  return wildcard(
    [...pattern],
    [...segment],
    (char) => char === '*',
    (a, b) => a === b,
  )
}

/** Greedy wildcard matching with one point to return to: no exponential patterns. */
function wildcard(
  pattern: readonly string[],
  input: readonly string[],
  isStar: (part: string) => boolean,
  same: (pattern: string, input: string) => boolean,
): boolean {
  let p = 0
  let star = -1
  let mark = 0
  for (let i = 0; i < input.length; ) {
    if (p < pattern.length && isStar(pattern[p]!)) {
      star = p++
      mark = i
    } else if (p < pattern.length && same(pattern[p]!, input[i]!)) {
      p++
      i++
    } else if (star >= 0) {
      p = star + 1
      i = ++mark
    } else {
      return false
    }
  }
  while (p < pattern.length && isStar(pattern[p]!)) p++
  return p === pattern.length
}
