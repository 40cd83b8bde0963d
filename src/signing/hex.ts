/** `hex`: 64 lower-case hex digits over the body alone, in one header. */

import { fromHex } from './grammar.js'
import type { Scheme } from './scheme.js'
import { textKey } from './secret.js'

export const hex: Scheme = {
  headers: { signature: 'X-Drifthook-Signature' },
  key: textKey,
  prefix: () => '',
  // There is room for one signature: the oldest secret's. During a rotation's overlap, receivers that
  // know only that one keep working, and receivers that accept both miss nothing.
  write: (digests) =>
    digests
      .slice(-1)
      .map((digest) => digest.toString('hex'))
      .join(),
  read(header) {
    const digest = fromHex(header)
    return digest && { digests: [digest] }
  },
}
