/**
 * The URL in a text, or null if there is none.
 *
 * Not by `URL.canParse`: on Node 20, once the engine has optimised a call of it, it denies texts with letters
 * from U+0080 to U+00FF, such as `https://bücher.example`.
 */
export function parseUrl(text: string): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}
