/** Tells how a flat key-value file separates keys from values, and how sure it is that it is one at all. */
import { isComment, linesOf, type Separator } from './key-value-lines.js'
import type { Detection } from './registry.js'

export interface KeyValueDialect {
  separator: Separator
  sections: boolean
  /** Lines that are neither blank nor comments nor sections; how many of them have the separator first. */
  lines: number
  pairs: number
  /** How many different keys those have, sections apart. */
  keys: number
  /** Values that read like sentences. */
  sentences: number
}

export const separatorNames: Readonly<Record<Separator, string>> = {
  '=': 'equals sign',
  ':': 'colon',
  '\t': 'tab',
}

const sampleBytes = 64 * 1024
/** A name: words, dots, dashes, a few of them; or anything in quotes. */
const name = /^(?:[\p{L}_$][\p{L}\p{N}_$.\-/@\\]*(?: [\p{L}\p{N}_.\-/]+){0,3}|"[^"]+"|'[^']+')$/u

/** Sniffs the first 64 KiB: the separator is the one that comes first in the most lines. */
export function sniffKeyValue(bytes: Uint8Array): KeyValueDialect {
  const dialects = (['=', ':', '\t'] as const).map((separator): KeyValueDialect & { seen: Set<string> } => ({
    separator,
    sections: false,
    lines: 0,
    pairs: 0,
    keys: 0,
    sentences: 0,
    seen: new Set(),
  }))
  let section = ''
  const head = bytes.subarray(0, sampleBytes)
  const end = bytes.length > sampleBytes ? Math.max(head.lastIndexOf(10), head.lastIndexOf(13)) : head.length
  for (const { text } of linesOf(end > 0 ? head.subarray(0, end) : head)) {
    const line = text.trim()
    if (line === '' || isComment(line)) continue
    if (/^\[[^\]]+\]$/.test(line)) {
      section = line
      for (const dialect of dialects) dialect.sections = true
      continue
    }
    const cut = line.search(/[=:\t]/)
    const key = cut < 0 ? '' : line.slice(0, cut).trim()
    const value = line.slice(cut + 1).trim()
    for (const dialect of dialects) {
      dialect.lines++
      if (cut < 0 || line[cut] !== dialect.separator || !name.test(key)) continue
      // `http://` is no key, and what is indented below `key:` is YAML.
      if (dialect.separator === ':' && (value.startsWith('//') || (text[0] === ' ' && section === '')))
        continue
      dialect.pairs++
      dialect.seen.add(section + key)
      if (value.split(/\s+/, 7).length > 6 || /[.!?]$/.test(value)) dialect.sentences++
    }
  }
  const [best] = dialects.sort((a, b) => b.pairs - a.pairs)
  const { seen, ...dialect } = best!
  return { ...dialect, keys: seen.size }
}

/**
 * Every line must be a pair, most keys must be others; a colon is also how prose goes, so it needs short
 * values; a tab is how tables go, so it needs sections.
 */
export function judgeKeyValue(dialect: KeyValueDialect): Detection | null {
  const { separator, sections, lines, pairs, keys, sentences } = dialect
  if (pairs === 0) return null
  const spelt = `${pairs} of ${lines} lines are a key and a value by ${separatorNames[separator]}`
  const evidence = sections ? `${spelt}, in sections` : spelt
  if (pairs / lines < 0.95 || keys / pairs < 0.5) return { confidence: 0.2, evidence }
  if (sections) return { confidence: 0.9, evidence }
  if (pairs < 2 || separator === '\t') return { confidence: 0.3, evidence }
  if (separator === '=') return { confidence: 0.88, evidence }
  const enough = pairs >= 3 && sentences / pairs <= 0.2
  return { confidence: enough ? 0.6 : 0.3, evidence }
}
