/** `standard`: Standard Webhooks v1 (specification 1.0.0), over `id.timestamp.body`, in three headers. */

import { fromBase64, versionOne } from './grammar.js'
import type { Scheme } from './scheme.js'
import { secretKey } from './secret.js'

const SIGNATURE = /^(v[0-9]{1,4}[a-z]{0,4}),([A-Za-z0-9+/_-]{1,1024}={0,2})$/

export const standard: Scheme = {
  headers: { id: 'webhook-id', timestamp: 'webhook-timestamp', signature: 'webhook-signature' },
  key: secretKey,
  prefix: (id, timestamp) => `${id}.${timestamp}.`,
  write: (digests) => digests.map((digest) => `v1,${digest.toString('base64')}`).join(' '),
  read(header) {
    const digests = versionOne(header.split(' '), SIGNATURE, fromBase64)
    return digests && { digests }
  },
}
