import { type SignatureHeaders, type SignatureScheme, signatureHeaders } from '../../signing/index.js'

/**
 * How to verify a delivery, told once together with the secret: an Express route to paste.
 *
 * @param names of the headers, where they are not the scheme's own
 */
export function verifySnippet(
  scheme: SignatureScheme = 'standard',
  names?: SignatureHeaders,
): { scheme: SignatureScheme; headers: string[]; snippet: string } {
  const named = Object.entries(names ?? {}).map(([part, name]) => `${part}: ${JSON.stringify(name)}`)
  const lines = [
    "import express from 'express'",
    "import { verify } from 'drifthook/signing'",
    '',
    'const app = express()',
    "app.post('/hook', express.raw({ type: '*/*' }), (request, response) => {",
    '  const verdict = verify({',
    '    headers: request.headers,',
    '    body: request.body, // the bytes, before any parser',
    '    secret: process.env.WEBHOOK_SECRET,',
    ...(scheme === 'standard' ? [] : [`    scheme: '${scheme}',`]),
    ...(named.length === 0 ? [] : [`    headerNames: { ${named.join(', ')} },`]),
    '  })',
    '  response.status(verdict.ok ? 204 : 401).end()',
    '})',
  ]
  return { scheme, headers: Object.values(signatureHeaders(scheme, names)), snippet: lines.join('\n') }
}
