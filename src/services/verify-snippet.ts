import type { SubscriptionSecret } from '../model.js'

/** How to verify a delivery, told once together with the secret. */
export const verifySnippet = (): SubscriptionSecret['verification'] => ({
  scheme: 'standard',
  headers: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
  snippet: [
    "import { verify } from 'drifthook/signing'",
    '',
    '// body: the bytes of the request, before any parser',
    'const verdict = verify({ headers: request.headers, body, secret: process.env.WEBHOOK_SECRET })',
    'if (!verdict.ok) response.status(401).end(verdict.reason)',
  ].join('\n'),
})
