/**
 * The lines of a flat key-value file: INI, Java properties, `.env`, header-like lists. There is no one standard;
 * what is read is what they share. Continued lines, escapes and comments behind a value are not: a backslash,
 * `#` or `;` inside a value belongs to it.
 */

export type Separator = '=' | ':' | '\t'

export type Line =
  | { kind: 'section'; name: string }
  | { kind: 'pair'; key: string; value: string }
  /** A key alone, as a flag. */
  | { kind: 'flag'; key: string }
  | { kind: 'nothing' }
  | { kind: 'malformed' }

const LF = 10
const CR = 13

/** The lines of a text, each with the byte it starts at. A line ends with LF, CR LF or CR. */
export function* linesOf(bytes: Uint8Array): Generator<{ at: number; text: string }> {
  const returns = bytes.includes(CR)
  for (let start = 0; start < bytes.length; ) {
    let end = bytes.indexOf(LF, start)
    if (end < 0) end = bytes.length
    const line = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
    if (!returns) yield { at: start, text: line.toString() }
    else {
      let at = start
      for (const text of line.toString().replace(/\r$/, '').split('\r')) {
        yield { at, text }
        at += Buffer.byteLength(text) + 1
      }
    }
    start = end + 1
  }
}

/** One line read with the separator of its file. */
export function readLine(text: string, separator: Separator): Line {
  const line = text.trim()
  if (line === '' || isComment(line)) return { kind: 'nothing' }
  if (line.startsWith('[') && line.endsWith(']')) return { kind: 'section', name: line.slice(1, -1).trim() }
  // Leading white space is layout, but a tab behind the key is not.
  const content = separator === '\t' ? text.trimStart() : line
  const end = closingQuote(content)
  const cut = content.indexOf(separator, end)
  if (cut < 0) return isFlag(line) ? { kind: 'flag', key: unquoted(line) } : { kind: 'malformed' }
  const key = unquoted(content.slice(0, cut).trim())
  if (key === '') return { kind: 'malformed' }
  return { kind: 'pair', key, value: unquoted(content.slice(cut + 1).trim()) }
}

export function isComment(line: string): boolean {
  return /^([#;!]|\/\/)/.test(line)
}

/** Where a quoted key ends: what looks like a separator inside it is none. */
function closingQuote(line: string): number {
  const quote = line[0]
  return quote === '"' || quote === "'" ? Math.max(0, line.indexOf(quote, 1)) : 0
}

/** One word, as a flag is; a sentence is not a key. */
function isFlag(line: string): boolean {
  return /^(["']).+\1$|^[^\s=:"'{}<>[\](),;]+$/.test(line)
}

function unquoted(text: string): string {
  const quote = text[0]
  const isQuoted = text.length > 1 && (quote === '"' || quote === "'") && text.endsWith(quote)
  return isQuoted ? text.slice(1, -1) : text
}
