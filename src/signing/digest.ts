/** The digest every scheme is made of. */

import { createHmac } from 'node:crypto'

/** HMAC-SHA256 of the prefix and the body. The body's bytes are hashed as they are, never as a string. */
export function digestOf(key: Uint8Array, prefix: string, body: Uint8Array): Buffer {
  return createHmac('sha256', key).update(prefix).update(body).digest()
}

/** Whether `value` is a view on bytes, of whatever realm: a test runner's Uint8Array is another class. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value)
}
