/** Which format one text has. Every text has exactly one, so formats can be counted and added up. */
import { chars, classOf, type Token } from './token.js'

/** `text` is none of the others. The order is the index used in counters. */
export const textFormats = [
  'text',
  'date', // 2024-05-31, a day of the calendar
  'date-time', // RFC 3339 with T and an offset
  'date-time-local', // without an offset
  'date-time-space', // with a space instead of T
  'date-slash', // 31/05/2024 or 05/31/2024: which is not guessed
  'date-dot', // 31.05.2024
  'time',
  'uuid',
  'email',
  'uri',
  'digits',
  'code', // digits with a leading zero, or with a plus: not a quantity
  'decimal', // -5, 1.50, 1.5e-3
  'boolean', // true, false
] as const
export type TextFormat = (typeof textFormats)[number]

/** The formats JSON Schema 2020-12 knows (Validation §7.3), and those that tell themselves apart at sight. */
export const standardFormats: ReadonlySet<string> = new Set([
  'date',
  'date-time',
  'time',
  'uuid',
  'email',
  'uri',
])

const index = Object.fromEntries(textFormats.map((name, i) => [name, i])) as Record<TextFormat, number>

/** The index in {@link textFormats} of the format of a token that is neither empty nor blank. */
export function classify(token: Token): number {
  const { mask, length } = token
  if ((mask & chars.nonAscii) !== 0) return index.text
  if ((mask & chars.digit) === 0) return withoutDigits(token)
  if (mask === chars.digit) return leadsWithZero(token, 0) ? index.code : index.digits
  if ((mask & numeric) === mask || (mask & exponential) === mask) {
    const found = number(token)
    if (found !== index.text) return found
  }
  if ((mask & chars.minus) !== 0) {
    if (length === 10 && isDate(token, 0)) return index.date
    if (length === 36 && isUuid(token)) return index.uuid
  }
  if ((mask & chars.colon) !== 0) {
    if ((mask & chars.minus) !== 0 && length >= 16 && length <= 40) {
      const found = dateTime(token)
      if (found !== index.text) return found
    }
    if (length >= 5 && length <= 24 && isTime(token, 0, length)) return index.time
    if ((mask & chars.slash) !== 0 && isUri(token)) return index.uri
  }
  if ((mask & chars.at) !== 0) return isEmail(token) ? index.email : index.text
  if (mask === (chars.digit | chars.slash)) return isShortDate(token, 47) ? index['date-slash'] : index.text
  if (mask === (chars.digit | chars.dot)) return isShortDate(token, 46) ? index['date-dot'] : index.text
  return index.text
}

const numeric = chars.digit | chars.minus | chars.dot | chars.plus
const exponential = numeric | chars.lower | chars.upper

function withoutDigits(token: Token): number {
  const { mask } = token
  if ((mask & chars.at) !== 0) return isEmail(token) ? index.email : index.text
  if ((mask & chars.colon) !== 0) return (mask & chars.slash) !== 0 && isUri(token) ? index.uri : index.text
  if (token.length === 4 || token.length === 5) {
    const word = ascii(token).toLowerCase()
    if (word === 'true' || word === 'false') return index.boolean
  }
  return index.text
}

/** Sign, digits, a point, an exponent: read by hand, as every number of a CSV file passes here. */
function number(token: Token): number {
  const sign = at(token, 0)
  let i = sign === 45 || sign === 43 ? 1 : 0
  const zero = leadsWithZero(token, i)
  const whole = digitsFrom(token, i)
  i += whole
  const point = at(token, i) === 46
  const fraction = point ? digitsFrom(token, i + 1) : 0
  if (point) i += 1 + fraction
  if (whole + fraction === 0 || (point && fraction === 0)) return index.text
  const mark = at(token, i)
  if (mark === 69 || mark === 101) {
    const next = at(token, i + 1)
    const signed = next === 43 || next === 45
    const exponent = digitsFrom(token, i + (signed ? 2 : 1))
    // An exponent counts only next to a point or a sign: 12E3 is more often a code than a quantity.
    if (exponent === 0 || exponent > 4 || !(point || signed)) return index.text
    i += (signed ? 2 : 1) + exponent
  }
  if (i !== token.length) return index.text
  return zero || (sign === 43 && !point) ? index.code : sign === 43 ? index.text : index.decimal
}

function digitsFrom(token: Token, offset: number): number {
  let i = offset
  for (let byte = at(token, i); byte >= 48 && byte <= 57; byte = at(token, i)) i++
  return i - offset
}

function dateTime(token: Token): number {
  if (!isDate(token, 0)) return index.text
  const separator = at(token, 10)
  if (separator !== 84 && separator !== 116 && separator !== 32) return index.text
  const last = at(token, token.length - 1)
  const zoned = last === 90 || last === 122 || /[+-]\d\d:?\d\d$/.test(ascii(token, 11))
  if (!isTime(token, 11, token.length)) return index.text
  if (separator === 32) return index['date-time-space']
  return zoned ? index['date-time'] : index['date-time-local']
}

const daysIn = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** `yyyy-mm-dd` at an offset, on a day that exists. */
function isDate(token: Token, offset: number): boolean {
  if (at(token, offset + 4) !== 45 || at(token, offset + 7) !== 45) return false
  const year = digits(token, offset, 2) * 100 + digits(token, offset + 2, 2)
  const month = digits(token, offset + 5, 2)
  const day = digits(token, offset + 8, 2)
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1)) return false
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  return day <= (month === 2 && !leap ? 28 : daysIn[month - 1]!)
}

/** `n/n/yyyy` in either order of day and month. */
function isShortDate(token: Token, separator: number): boolean {
  if (token.length < 8 || token.length > 10) return false
  const [a, b, year, ...rest] = ascii(token).split(String.fromCharCode(separator))
  if (rest.length > 0 || !a || !b || year?.length !== 4 || a.length > 2 || b.length > 2) return false
  const [low, high] = [Math.min(+a, +b), Math.max(+a, +b)]
  return low >= 1 && low <= 12 && high <= 31
}

/** `hh:mm`, `hh:mm:ss`, with a fraction and an offset if any (RFC 3339 §5.6). */
function isTime(token: Token, from: number, to: number): boolean {
  if (at(token, from + 2) !== 58) return false
  if (!(digits(token, from, 2) <= 24 && digits(token, from + 3, 2) <= 59)) return false
  if (to - from === 5) return true
  return /^\d\d:\d\d(:[0-6]\d([.,]\d{1,12})?)?([zZ]|[+-]\d\d(:?\d\d)?)?$/.test(ascii(token, from))
}

function isUuid(token: Token): boolean {
  if (at(token, 8) !== 45 || at(token, 13) !== 45) return false
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(ascii(token))
}

/** A local part, one `@`, a domain of letters, digits and hyphens with a dot inside. */
function isEmail(token: Token): boolean {
  const { bytes, start, end } = token
  const sign = bytes.indexOf(64, start)
  if (sign <= start || sign - start > 64 || sign >= end - 3 || end - start > 254) return false
  if ((token.mask & chars.space) !== 0) return false
  let dots = 0
  for (let i = sign + 1; i < end; i++) {
    const byte = bytes[i]!
    if (byte === 46) {
      if (bytes[i - 1] === 46 || i === sign + 1 || i === end - 1) return false
      dots++
    } else if ((classOf[byte]! & (chars.digit | chars.upper | chars.lower | chars.minus)) === 0) {
      return false
    }
  }
  return dots > 0
}

function isUri(token: Token): boolean {
  if ((token.mask & chars.space) !== 0) return false
  return /^[A-Za-z][A-Za-z0-9+.-]{0,15}:\/\/[^/]/.test(ascii(token, 0, 24))
}

function leadsWithZero(token: Token, offset: number): boolean {
  const first = at(token, offset)
  if (first === 45) return leadsWithZero(token, offset + 1)
  const second = at(token, offset + 1)
  return first === 48 && second >= 48 && second <= 57
}

function at(token: Token, offset: number): number {
  const i = token.start + offset
  return i < token.end ? token.bytes[i]! : -1
}

/** Two digits as a number, or NaN. */
function digits(token: Token, offset: number, count: number): number {
  let value = 0
  for (let i = 0; i < count; i++) {
    const digit = at(token, offset + i) - 48
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

/** The token as text; only called where every byte is ASCII. */
function ascii(token: Token, from = 0, to = token.length): string {
  let text = ''
  const end = Math.min(token.start + to, token.end)
  for (let i = token.start + from; i < end; i++) text += String.fromCharCode(token.bytes[i]!)
  return text
}
