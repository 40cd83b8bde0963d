/**
 * The formats of JSON Schema 2020-12 (Validation §7.3) that can be told from one value. A contract's author
 * who names one means it, so it is asserted. Formats that are not here are not decided.
 */
type FormatTest = (text: string) => boolean | null

/** Whether a text has a format; undefined for formats that are not decided. */
export function formatTest(name: string): FormatTest | undefined {
  return Object.hasOwn(formats, name) ? formats[name] : undefined
}

const formats: Readonly<Record<string, FormatTest>> = {
  date: isDate,
  time: isTime,
  'date-time': (text) => {
    const [, date, time] = /^(.{10})[Tt\s](.*)$/s.exec(text) ?? []
    if (date === undefined || time === undefined || !isDate(date) || !isTime(time)) return false
    // RFC 3339 §5.6 lets readers agree on a space instead of T; these two did not say so.
    return /^.{10}[Tt]/s.test(text) ? true : null
  },
  duration: (text) => /^P(?!$)((\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?|\d+W)$/.test(text),
  uuid: (text) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text),
  ipv4: (text) => ipv4.test(text),
  ipv6: isIpv6,
  email: isEmail,
  hostname: (text) =>
    text.length <= 253 && text.split('.').every((label) => /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/.test(label)),
  uri: isUri,
  'json-pointer': (text) => /^(\/([^~/]|~[01])*)*$/.test(text),
}

const ipv4 = /^((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(?!$)|$)){4}$/

/** RFC 4291 §2.2: eight groups, one run of zeros left out, an IPv4 address in place of the last two. */
function isIpv6(text: string): boolean {
  const halves = text.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  const mapped = groups.at(-1)?.includes('.') === true && !text.endsWith(':')
  if (mapped && !ipv4.test(groups.pop()!)) return false
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false
  const count = groups.length + (mapped ? 2 : 0)
  return halves.length === 2 ? count < 8 : count === 8
}

const daysIn = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** `full-date` of RFC 3339 §5.6, a day that exists. */
function isDate(text: string): boolean {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text)
  if (!parts) return false
  const [year, month, day] = parts.slice(1).map(Number) as [number, number, number]
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const days = month === 2 && !leap ? 28 : (daysIn[month - 1] ?? 0)
  return day >= 1 && day <= days
}

/** `full-time` of RFC 3339 §5.6. A leap second is one only at midnight UTC, which is not worked out. */
function isTime(text: string): boolean | null {
  const parts = /^(\d\d):(\d\d):(\d\d)(\.\d+)?([zZ]|[+-](\d\d):(\d\d))$/.exec(text)
  if (!parts) return /^(\d\d):(\d\d):(\d\d)(\.\d+)?[+-](\d\d)(\d\d)?$/.test(text) ? null : false
  const [hour, minute, second] = parts.slice(1, 4).map(Number) as [number, number, number]
  if (hour > 23 || minute > 59 || Number(parts[6] ?? 0) > 23 || Number(parts[7] ?? 0) > 59) return false
  return second < 60 ? true : second === 60 ? null : false
}

/** The addresses everyone uses. Quoted local parts and address literals (RFC 5321 §4.1.2) are not decided. */
function isEmail(text: string): boolean | null {
  if (!/^[^@]+@[^@]+$/.test(text)) return text.includes('"') && text.includes('@') ? null : false
  const [local, domain] = text.split('@') as [string, string]
  if (text.length > 254 || /[^\x21-\x7e]/.test(text)) return null
  if (local.includes('"') || domain.startsWith('[')) return null
  const atoms = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
  const label = /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/
  if (!atoms.test(local) || !domain.split('.').every((part) => label.test(part))) return false
  // One label is an address too (RFC 5321 §2.3.5), which few mean.
  return local.length > 64 || !domain.includes('.') ? null : true
}

/** An absolute URI of RFC 3986 with an authority; other schemes (`mailto:`) by their characters only. */
function isUri(text: string): boolean | null {
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:/.test(text)) return false
  if (/[^\x21-\x7e]|[<>"\\^`{|}]|%(?![0-9A-Fa-f]{2})/.test(text)) return false
  const plain =
    /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9.-]+(:\d{1,5})?(\/[\w.~!$&'()*+,;=:@%/-]*)?(\?[\w.~!$&'()*+,;=:@%/?-]*)?(#[\w.~!$&'()*+,;=:@%/?-]*)?$/i
  return plain.test(text) ? true : null
}
