/** The names of files, as clients write them into headers. */

/** Parameters of a header: `; name=value`, the value a token or a quoted string. */
const parameter = /;\s*([^\s;=]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g

/**
 * The file name of a header `Content-Disposition` (RFC 6266): `filename*` (RFC 8187) wins over `filename`.
 * @returns null if there is none, or no header
 */
export function dispositionName(header: string | undefined): string | null {
  if (header === undefined) return null
  const found = new Map<string, string>()
  for (const [, name = '', quoted, token = ''] of header.matchAll(parameter)) {
    found.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? token)
  }
  const plain = found.get('filename')
  return extendedValue(found.get('filename*')) ?? (plain === undefined ? null : headerText(plain))
}

/** `charset'language'percent-encoded`; null if it is not that, or in a charset nobody uses here. */
function extendedValue(value: string | undefined): string | null {
  const [, charset = '', encoded = ''] = /^([\w-]+)'[^']*'(.*)$/.exec(value ?? '') ?? []
  try {
    if (/^utf-8$/i.test(charset)) return decodeURIComponent(encoded)
    if (/^iso-8859-1$/i.test(charset)) {
      return encoded.replace(/%([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    }
  } catch {
    // Not UTF-8 after all: the plain name is left.
  }
  return null
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The text of a header whose bytes were read as latin1. Most clients write UTF-8, old ones write latin1, and
 * nothing says which: text that is no UTF-8 is latin1.
 */
export function headerText(latin1: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what is recognised
  if (/^[\u0000-\u007f]*$/.test(latin1) || /[^\u0000-\u00ff]/.test(latin1)) return latin1
  try {
    return utf8.decode(Buffer.from(latin1, 'latin1'))
  } catch {
    return latin1
  }
}
