/** `sha256`: as `hex`, after `sha256=`, as GitHub writes it. */

import { hex } from './hex.js'
import type { Scheme } from './scheme.js'

const PREFIX = 'sha256='

export const sha256: Scheme = {
  ...hex,
  write: (digests, timestamp) => PREFIX + hex.write(digests, timestamp),
  read: (header) => (header.startsWith(PREFIX) ? hex.read(header.slice(PREFIX.length)) : null),
}
