/** Reading one header out of whatever a framework calls its headers. */

/**
 * Node's `req.headers`, a Fetch `Headers`, a `Map`, or any other iterable of pairs. Names match in any
 * case.
 */
export type HeadersLike =
  | Iterable<readonly [string, string | readonly string[] | undefined]>
  | Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * The one value of a header.
 *
 * @param name in lower case
 * @returns the value; undefined if the header is absent; null if it came more than once or as an array.
 *   A signature header that came twice has no meaning (RFC 9110 §5.3 lets only lists be repeated), and
 *   picking one of them is how verifiers and applications come to disagree.
 */
export function singleHeader(headers: HeadersLike, name: string): string | null | undefined {
  const entries = Symbol.iterator in headers ? headers : Object.entries(headers)
  let found: string | undefined
  for (const [key, value] of entries) {
    if (value === undefined || key.toLowerCase() !== name) continue
    if (typeof value !== 'string' || found !== undefined) return null
    found = value
  }
  return found
}
