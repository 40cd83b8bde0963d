/** JSON bodies that mean harm to the management routes. */
import { post } from '../../support/raw-http.js'
import type { Attack, Expected } from './attack.js'

const json = (name: string, path: string, body: string, expected: Expected): Attack => ({
  name,
  request: (to) => post(`${to.api}${path}`, body, { 'content-type': 'application/json', ...to.apiKey }),
  expected,
})

const invalid = { code: 'INVALID_REQUEST' } as const
const deep = { code: 'BODY_INVALID', limit: 'depth' } as const
const nested = (open: string, close: string, depth = 100_000) => open.repeat(depth) + close.repeat(depth)
const contract = (rest: string) => `{"name":"hostile",${rest}}`

export const hostileBodies: readonly Attack[] = [
  json('a list a hundred thousand levels deep', '/monitors', nested('[', ']'), deep),
  json('a name a hundred thousand levels deep', '/monitors', `{"name":${nested('[', ']')}}`, deep),
  json('objects that deep', '/monitors', `${'{"name":'.repeat(100_000)}1${'}'.repeat(100_000)}`, deep),
  json('tags that deep', '/contracts', contract(`"sample":{"id":1},"tags":${nested('[', ']')}`), deep),
  json('a sample that deep', '/contracts', contract(`"sample":${nested('[', ']')}`), deep),
  json(
    'a schema that deep',
    '/contracts',
    contract(`"schema":${'{"items":'.repeat(100_000)}{}${'}'.repeat(100_000)}`),
    deep,
  ),
  json('a list as deep as it may be', '/monitors', nested('[', ']', 512), invalid),
  json('a schema as deep as it may be', '/contracts', contract(`"schema":${nested('[', ']', 511)}`), invalid),
  json('a name as deep as it may be', '/monitors', `{"name":${nested('[', ']', 511)}}`, invalid),
  json(
    'keys that objects inherit',
    '/monitors',
    '{"__proto__":{"name":"a"},"constructor":{"prototype":{"polluted":1}}}',
    invalid,
  ),
  json(
    'a hundred thousand keys',
    '/monitors',
    `{${Array.from({ length: 100_000 }, (_, n) => `"k${n}":1`).join()}}`,
    invalid,
  ),
  json('no JSON', '/monitors', '{"name":', { code: 'BODY_INVALID' }),
]
