/**
 * The regular expressions of JSON Schema (ECMA-262, Core §6.4) in an engine of linear time: whoever writes a
 * contract must not be able to stop the process that reads a file. What that engine cannot express (look
 * around, back references) or would read in another way is not decided.
 */
import { RE2JS } from 're2js'

const largestProgram = 20_000
const cacheSize = 500
const cache = new Map<string, ((text: string) => boolean) | null>()

/** Whether a text contains a match; null for a pattern that is not decided. */
export function patternTest(pattern: string): ((text: string) => boolean) | null {
  const known = cache.get(pattern)
  if (known !== undefined) return known
  if (cache.size >= cacheSize) cache.clear()
  const compiled = compile(pattern)
  cache.set(pattern, compiled)
  return compiled
}

function compile(pattern: string): ((text: string) => boolean) | null {
  const translated = pattern.length > 4_096 ? null : translate(pattern)
  if (translated === null) return null
  try {
    const program = RE2JS.compile(translated)
    return program.programSize() > largestProgram ? null : (text) => program.test(text)
  } catch {
    return null
  }
}

const space = String.raw`\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`
const anyChar = String.raw`[^\n\r\x{2028}\x{2029}]`
/** Escapes that mean the same in both languages. */
const sameEscapes = /^[dDwWbBtnrfv^$\\.*+?()[\]{}|/_\-"'#%&,:;<=>@`~! ]$/

/** The pattern in the other language; null when it holds something that means another thing there. */
function translate(pattern: string): string | null {
  let out = ''
  let inClass = false
  for (let i = 0; i < pattern.length; ) {
    const rest = pattern.slice(i)
    const part = rest[0] === '\\' ? escaped(rest, inClass) : inClass ? insideClass(rest) : outsideClass(rest)
    if (part === null) return null
    if (part.size === 1 && rest[0] === '[' && !inClass) inClass = true
    else if (part.size === 1 && rest[0] === ']' && inClass) inClass = false
    out += part.text
    i += part.size
  }
  return inClass ? null : out
}

interface Part {
  text: string
  size: number
}

function escaped(rest: string, inClass: boolean): Part | null {
  const unit = /^\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))/.exec(rest)
  if (unit) {
    const code = Number.parseInt((unit[1] ?? unit[2] ?? unit[3])!, 16)
    // Half of a pair: only both together are a character.
    if ((code >= 0xd800 && code < 0xe000) || code > 0x10ffff) return null
    return { text: `\\x{${code.toString(16)}}`, size: unit[0].length }
  }
  const property = /^\\[pP]\{(?:(?:gc|General_Category)=)?([A-Z][a-z]?)\}/.exec(rest)
  if (property) return { text: `${rest.slice(0, 2)}{${property[1]}}`, size: property[0].length }
  const char = rest[1]
  if (char === 's') return { text: inClass ? space : `[${space}]`, size: 2 }
  if (char === 'S') return inClass ? null : { text: `[^${space}]`, size: 2 }
  if (char === '0' && !/\d/.test(rest[2] ?? '')) return { text: String.raw`\x{0}`, size: 2 }
  // In a class `\b` is the backspace.
  if ((char === 'b' || char === 'B') && inClass) return null
  return char !== undefined && sameEscapes.test(char) ? { text: rest.slice(0, 2), size: 2 } : null
}

function insideClass(rest: string): Part | null {
  // A bracket in a class is itself here, and the start of a named class there.
  if (rest[0] === '[') return { text: String.raw`\[`, size: 1 }
  return { text: rest[0]!, size: 1 }
}

function outsideClass(rest: string): Part | null {
  if (rest.startsWith('[]') || rest.startsWith('[^]')) return null
  if (rest[0] === '.') return { text: anyChar, size: 1 }
  if (rest.startsWith('(?') && !/^\(\?(:|<[A-Za-z])/.test(rest)) return null
  return { text: rest[0]!, size: 1 }
}
