/** The `Retry-After` header, as RFC 9110 §10.2.3 defines it and no wider. */

/** The three spellings of a date in RFC 9110 §5.6.7; the last two are obsolete but must be understood. */
const dateFormats = [
  // Sun, 06 Nov 1994 08:49:37 GMT
  /^(?<weekday>\w{3}), (?<day>\d{2}) (?<month>\w{3}) (?<year>\d{4}) (?<time>[\d:]{8}) GMT$/,
  // Sunday, 06-Nov-94 08:49:37 GMT
  /^(?<weekday>Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\d{2})-(?<month>\w{3})-(?<year>\d{2}) (?<time>[\d:]{8}) GMT$/,
  // Sun Nov  6 08:49:37 1994
  /^(?<weekday>\w{3}) (?<month>\w{3}) (?<day>[ \d]\d) (?<time>[\d:]{8}) (?<year>\d{4})$/,
]

/**
 * How long a receiver asks to be left alone.
 * @param now milliseconds since 1970
 * @returns milliseconds from `now`, 0 for a date that has passed, at most 2^53 - 1: the caller bounds it.
 *   Null without a header, and for anything but whole seconds or a date that exists
 */
export function parseRetryAfter(value: string | undefined, now: number): number | null {
  if (value === undefined) return null
  if (/^[0-9]+$/.test(value)) return Math.min(Number(value) * 1000, Number.MAX_SAFE_INTEGER)
  const date = parseHttpDate(value, now)
  return date === null ? null : Math.max(0, date - now)
}

function parseHttpDate(value: string, now: number): number | null {
  for (const format of dateFormats) {
    const parts = format.exec(value)?.groups
    if (parts === undefined) continue
    const { weekday = '', day = '', month = '', year = '', time = '' } = parts
    const fullYear = year.length === 2 ? nearestYear(Number(year), now) : year
    const text = `${weekday.slice(0, 3)}, ${day.replace(' ', '0')} ${month} ${fullYear} ${time} GMT`
    const date = new Date(text)
    // Whatever does not come back as it went in does not exist: 30 February, 24:00, a Monday that is a Sunday.
    return date.toUTCString() === text ? date.getTime() : null
  }
  return null
}

/** RFC 9110 §5.6.7: of the years that end so, the last that is no more than 50 years ahead. */
function nearestYear(twoDigits: number, now: number): number {
  const latest = new Date(now).getUTCFullYear() + 50
  return latest - ((latest - twoDigits) % 100)
}
