import { randomUUID } from 'node:crypto'

/** What an id's prefix says about the record. */
export type IdPrefix = 'ct' | 'mon' | 'wh' | 'msg' | 'del' | 'att' | 'aud' | 'job'

/**
 * A prefix and a UUIDv7 (RFC 9562 §5.7): 48 bits of time, then random ones, so that ids made later sort later.
 * @param now milliseconds since 1970
 */
export function newId(prefix: IdPrefix, now: number): string {
  const time = now.toString(16).padStart(12, '0')
  // Version 4 has its variant and random bits where version 7 has them; time and version take the place of the rest.
  return `${prefix}_${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}

/** A drift event's number as its record's id: sixteen digits, so that text order is number order. */
export const eventKey = (number: number): string => String(number).padStart(16, '0')
