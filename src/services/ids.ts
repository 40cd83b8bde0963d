import { randomBytes } from 'node:crypto'

/** What an id's prefix says about the record. */
export type IdPrefix = 'ct' | 'mon' | 'wh' | 'msg' | 'del' | 'att' | 'aud' | 'job'

/**
 * A prefix and a UUIDv7 (RFC 9562 §5.7): 48 bits of time, then random ones, so that ids made later sort later.
 * @param now milliseconds since 1970
 */
export function newId(prefix: IdPrefix, now: number): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(now, 0, 6)
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
  const hex = bytes.toString('hex')
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join(
    '-',
  )
  return `${prefix}_${uuid}`
}

/** A drift event's number as its record's id: sixteen digits, so that text order is number order. */
export const eventKey = (number: number): string => String(number).padStart(16, '0')
