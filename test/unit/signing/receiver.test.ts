import { afterAll, describe, expect, it } from 'vitest'
import { newSecret, sign, signatureSchemes } from '../../../src/signing/index.js'
import { receiver } from '../../../src/testkit/index.js'

describe('receiver().verify', async () => {
  const there = await receiver()
  afterAll(() => there.close())
  const secret = newSecret()
  const body = Buffer.from('{"name":"Käse"}')
  const timestamp = Math.floor(Date.now() / 1000)
  const send = (headers: Record<string, string>) => fetch(there.url(), { method: 'POST', body, headers })

  it.each(signatureSchemes)('judges the latest request in the scheme %s', async (scheme) => {
    const headerNames = { signature: 'X-InfraAudit-Signature' }
    await send(sign({ scheme, id: 'msg_1', timestamp, body, secrets: [secret], headers: headerNames }))
    expect(there.verify(secret, undefined, { scheme, headerNames })).toEqual({ ok: true })
    expect(there.verify(newSecret(), undefined, { scheme, headerNames })).toMatchObject({
      reason: 'no_matching_signature',
    })
    expect(there.verify(secret, undefined, { scheme })).toMatchObject({ reason: 'missing_header' })
  })

  it('judges an earlier one, and by default in the scheme standard', async () => {
    await send(sign({ scheme: 'standard', id: 'msg_2', timestamp, body, secrets: [secret] }))
    await send({})
    expect(there.verify(secret, there.requests.at(-2))).toEqual({ ok: true })
    expect(there.verify(secret)).toMatchObject({ reason: 'missing_header' })
  })
})
