/**
 * How much two names speak for being the same thing, by their words. Weights are natural logarithms of
 * likelihood ratios, so that they add up with other evidence (Fellegi & Sunter 1969; Good 1950).
 */
import { areOpposites, canonicalWords, isGeneric, isJoining, isKnownWord } from './rename-words.js'

/** One word of a name. */
interface Word {
  text: string
  /** How much it says when both names have it: rare words much, common ones little. */
  weight: number
  /** How much it says when only one has it. */
  loose: number
}

export interface Name {
  words: Word[]
  numbers: string
}

/** The words of a name in camelCase, snake_case, kebab-case, with spaces or dots. */
export function nameTokens(name: string): string[] {
  return name
    .normalize('NFKC')
    .replace(/\ufeff/g, '')
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((token) => token !== '')
}

/** The words of a name, lower case, joined; numbers stay apart, `a_1_2` is not `a_12`. */
export function normaliseName(name: string): string {
  return nameTokens(name)
    .join(' ')
    .replace(/(?<!\d) | (?!\d)/g, '')
}

/** Reads names among their siblings: a word that most of them have says little (Spärck Jones 1972). */
export function nameReader(sides: readonly (readonly string[])[]): (key: string) => Name {
  const counts = sides.map((keys) => {
    const seen = new Map<string, number>()
    for (const key of keys)
      for (const word of new Set(wordsOf(key))) seen.set(word, (seen.get(word) ?? 0) + 1)
    return seen
  })
  const names = Math.max(1, ...sides.map((keys) => keys.length))
  const rarity = (word: string) => {
    const having = Math.max(1, ...counts.map((seen) => seen.get(word) ?? 0))
    return Math.log(1 + names / having) / Math.log(1 + names)
  }
  return (key) => {
    const texts = wordsOf(key)
    const words = texts.map((text) => ({ text, weight: rarity(text) * worth(text), loose: looseWorth(text) }))
    return { words, numbers: texts.filter(isNumber).join(' ') }
  }
}

/** Names come from tenants: what is beyond so many words is compared as one, and long words only as they are. */
const wordsCompared = 12
const lettersCompared = 32

/** The words compared: letters and digits apart, other spellings as the word they stand for. */
export function wordsOf(key: string): string[] {
  const parts = nameTokens(key).flatMap((token) => token.match(/\p{N}+|[^\p{N}]+/gu) ?? [])
  const words = parts.flatMap((part) =>
    isNumber(part) ? [part.replace(/^0+(?=\d)/, '')] : canonicalWords(part),
  )
  if (words.length <= wordsCompared) return words
  return [...words.slice(0, wordsCompared - 1), words.slice(wordsCompared - 1).join('')]
}

function isNumber(word: string): boolean {
  const first = word.charCodeAt(0)
  return first < 128 ? first >= 48 && first <= 57 : /^\p{N}/u.test(word)
}

function worth(word: string): number {
  if (isJoining(word)) return 0.1
  return isGeneric(word) ? 0.35 : word.length === 1 ? 0.4 : 1
}

function looseWorth(word: string): number {
  if (isJoining(word)) return 0
  return word.length === 1 && !isNumber(word) ? 0.3 : 1
}

/**
 * The weight of two names: about 9 when every word has its like, −2 when nothing is shared, about −5 when
 * each keeps a word of its own beside shared ones (`ship_city`, `bill_city`), −8 when their numbers differ.
 */
export function nameWeight(a: Name, b: Name): number {
  const { weight, info, changedHead, looseA, looseB } = alignWords(a.words, b.words)
  if (weight === 0) return hasOpposites(looseA, looseB) ? -5 : -2
  if (a.numbers !== '' && b.numbers !== '' && a.numbers !== b.numbers) return -8
  const total = sum(a.words, 'weight') + sum(b.words, 'weight')
  const alike = weight / total
  const apart = Math.min(1, sum(looseA, 'loose'), sum(looseB, 'loose'))
  const known = Math.min(1, info)
  if (apart > 0) return (hasOpposites(looseA, looseB) ? -8 : -6) * apart + 3 * alike * known
  if (looseA.length + looseB.length === 0) return 9 * alike ** 2 * (0.4 + 0.6 * known)
  return -1.5 + 7 * alike * known - (changedHead ? 1 : 0)
}

interface Alignment {
  /** Of the words that have their like, on both sides together, each times how alike they are. */
  weight: number
  /** The same on the side where it is less. */
  info: number
  /** One name goes on after the other ends: `price`, `price_currency`. */
  changedHead: boolean
  looseA: Word[]
  looseB: Word[]
}

function alignWords(a: readonly Word[], b: readonly Word[]): Alignment {
  const freeA = new Set(a)
  const freeB = new Set(b)
  let [sideA, sideB] = [0, 0]
  const pair = (ours: readonly Word[], theirs: readonly Word[], alike: number) => {
    for (const word of ours) freeA.delete(word)
    for (const word of theirs) freeB.delete(word)
    sideA += sum(ours, 'weight') * alike
    sideB += sum(theirs, 'weight') * alike
  }
  for (const ours of a) {
    const theirs = b.find((word) => freeB.has(word) && word.text === ours.text)
    if (theirs) pair([ours], [theirs], 1)
  }
  if (freeA.size > 0 && freeB.size > 0) {
    for (const word of [...freeA]) pairCompound(word, b, freeB, (run, alike) => pair([word], run, alike))
    for (const word of [...freeB]) pairCompound(word, a, freeA, (run, alike) => pair(run, [word], alike))
    for (const { ours, theirs, alike } of likely(freeA, freeB)) {
      if (freeA.has(ours) && freeB.has(theirs)) pair([ours], [theirs], alike)
    }
  }
  const heads = [a.at(-1), b.at(-1)]
  return {
    weight: sideA + sideB,
    info: Math.min(sideA, sideB),
    changedHead: heads.some((head) => head !== undefined && (freeA.has(head) || freeB.has(head))),
    looseA: [...freeA],
    looseB: [...freeB],
  }
}

/** Finds consecutive free words that one word is made of: their initials, or their beginnings. */
function pairCompound(
  word: Word,
  others: readonly Word[],
  free: ReadonlySet<Word>,
  found: (run: readonly Word[], alike: number) => void,
): void {
  const size = word.text.length
  if (isNumber(word.text) || size < 2 || size > lettersCompared) return
  for (let start = 0; start < others.length - 1; start++) {
    const first = others[start]!.text
    if (first[0] !== word.text[0] && !isJoining(first)) continue
    for (let end = others.length; end > start + 1; end--) {
      const run = others.slice(start, end)
      if (!run.every((other) => free.has(other))) continue
      const alike = compoundLikeness(
        word.text,
        run.map(({ text }) => text),
      )
      if (alike === 0) continue
      found(run, alike)
      return
    }
  }
}

/** How surely a word stands for a phrase: `po` for purchase order, `postcode` for postal code; 0: it does not. */
export function compoundLikeness(word: string, phrase: readonly string[]): number {
  if (!isMadeOf(word, phrase)) return 0
  if (word.length > phrase.length) return phrase.length > 1 ? 0.9 : 0
  if (phrase.filter((part) => !isJoining(part)).length < 2) return 0
  return word.length === 2 ? 0.75 : 0.85
}

/** Whether a word is a row of beginnings, at least one letter of each; joining words may be left out. */
function isMadeOf(word: string, phrase: readonly string[]): boolean {
  let ends = new Set([0])
  for (const part of phrase) {
    const next = new Set(isJoining(part) ? ends : [])
    for (const at of ends) {
      for (let size = 1; size <= part.length && word[at + size - 1] === part[size - 1]; size++) {
        next.add(at + size)
      }
    }
    ends = next
  }
  return ends.has(word.length)
}

interface WordPair {
  ours: Word
  theirs: Word
  alike: number
}

/** The most alike first. */
function likely(a: ReadonlySet<Word>, b: ReadonlySet<Word>): WordPair[] {
  const pairs: WordPair[] = []
  for (const ours of a) {
    for (const theirs of b) {
      const alike = wordLikeness(ours.text, theirs.text)
      if (alike > 0) pairs.push({ ours, theirs, alike })
    }
  }
  return pairs.sort((x, y) => y.alike - x.alike)
}

/** `order`, `ordered`, `ordering`. */
const inflection = /^(.?ed|d|.?ing|al|e?s)$/

/** How surely one word is a spelling of the other, 0 to 1: shortened, without vowels, mistyped. */
export function wordLikeness(a: string, b: string): number {
  if (a === b) return 1
  const [short, long] = a.length <= b.length ? [a, b] : [b, a]
  // Beginnings are rarely mistyped: `latitude` and `altitude` are two words.
  if (short.length < 3 || (short[0] !== long[0] && short.length < 9)) return 0
  if (long.length > lettersCompared || isNumber(a) || isNumber(b) || isJoining(short)) return 0
  const beginning = long.startsWith(short)
  if (beginning && inflection.test(long.slice(short.length))) return 0.85
  // A word of its own is no spelling of another one: `state`, `statement`.
  if (isKnownWord(short)) return 0
  if (beginning) return 0.85
  if (short[0] === long[0]) {
    const bones = long[0] + long.slice(1).replace(/[aeiou]/g, '')
    if (short === bones) return 0.9
    if (short[0] + short.slice(1).replace(/[aeiou]/g, '') === bones && bones.length >= 3) return 0.8
    if (short.length <= 5 && isSubsequence(short, bones)) return 0.75
  }
  if (short.length < 6 || long.length - short.length > 2) return 0
  const alike = 1 - editDistance(short, long) / long.length
  return alike >= 0.8 ? 0.85 * alike : 0
}

function isSubsequence(short: string, long: string): boolean {
  let i = 0
  for (let j = 0; i < short.length && j < long.length; j++) if (short[i] === long[j]) i++
  return i === short.length && short.at(-1) === long.at(-1)
}

/** Levenshtein 1965, with neighbours swapped as one edit (Damerau 1964). */
export function editDistance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j]!, before[j - 2]! + 1)
      }
    }
    before = last
    last = row
  }
  return last[b.length]!
}

function hasOpposites(a: readonly Word[], b: readonly Word[]): boolean {
  return a.some((ours) => b.some((theirs) => areOpposites(ours.text, theirs.text)))
}

function sum(words: readonly Word[], what: 'weight' | 'loose'): number {
  return words.reduce((total, word) => total + word[what], 0)
}
