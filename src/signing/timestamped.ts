/** `timestamped`: `t=<seconds>,v1=<hex>` over `timestamp.body`, in one header, as Stripe writes it. */

import { fromHex, PART_GRAMMAR, versionOne } from './grammar.js'
import type { Scheme } from './scheme.js'
import { textKey } from './secret.js'

const TIME = 't='
const SIGNATURE = /^(v[0-9]{1,4})=([0-9A-Za-z]{1,1024})$/

export const timestamped: Scheme = {
  headers: { signature: 'X-Drifthook-Signature' },
  key: textKey,
  prefix: (_id, timestamp) => `${timestamp}.`,
  write: (digests, timestamp) =>
    [TIME + timestamp, ...digests.map((digest) => `v1=${digest.toString('hex')}`)].join(','),
  read(header) {
    const [time = '', ...signatures] = header.split(',')
    const timestamp = time.slice(TIME.length)
    if (!time.startsWith(TIME) || !PART_GRAMMAR.timestamp.test(timestamp)) return null
    const digests = versionOne(signatures, SIGNATURE, fromHex)
    return digests && { digests, timestamp }
  },
}
