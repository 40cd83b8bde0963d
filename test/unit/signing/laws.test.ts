/** What holds for every scheme, message, secret and flipped bit. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  newSecret,
  type SignatureScheme,
  sign,
  signatureSchemes,
  type VerifyOptions,
  verify,
} from '../../../src/signing/index.js'

/** The signature header and how it spells digests. */
const spelling: Record<SignatureScheme, { header: string; digest: RegExp; encoding: BufferEncoding }> = {
  standard: { header: 'webhook-signature', digest: /(?<=v1,)[^ ]+/, encoding: 'base64' },
  hex: { header: 'X-Drifthook-Signature', digest: /^.+$/, encoding: 'hex' },
  sha256: { header: 'X-Drifthook-Signature', digest: /(?<=sha256=).+/, encoding: 'hex' },
  timestamped: { header: 'X-Drifthook-Signature', digest: /(?<=v1=)[^,]+/, encoding: 'hex' },
}

function flip(content: Uint8Array, bit: number): Buffer {
  const copy = Buffer.from(content)
  const index = Math.floor(bit / 8) % copy.length
  copy[index] = (copy[index] ?? 0) ^ (1 << (bit % 8))
  return copy
}
const flipText = (text: string, bit: number) => flip(Buffer.from(text, 'latin1'), bit).toString('latin1')

const message = fc.record({
  id: fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/),
  timestamp: fc.integer({ min: 1_000_000_000, max: 4_000_000_000 }),
  body: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 200 }),
    fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => new TextEncoder().encode(text)),
  ),
})
const secrets = fc.integer({ min: 1, max: 16 }).map((count) => Array.from({ length: count }, newSecret))
const runs = { numRuns: 200 }

describe.each(signatureSchemes)('in the scheme %s', (scheme) => {
  const { header, digest, encoding } = spelling[scheme]

  /** A clock that stands wherever the header says: only the signature can refuse. */
  const passes = (options: Omit<VerifyOptions, 'scheme'>) =>
    verify({ scheme, toleranceSeconds: 1e12, now: () => 2e12, ...options }).ok

  it('what was signed is accepted, as bytes of any kind', () => {
    fc.assert(
      fc.property(message, secrets, ({ body, ...rest }, all) => {
        const headers = sign({ scheme, ...rest, body, secrets: all })
        expect(passes({ headers, body, secrets: all })).toBe(true)
        const inside = Buffer.concat([Buffer.from('..'), body, Buffer.from('..')])
        expect(passes({ headers: new Headers(headers), body: inside.subarray(2, -2), secrets: all })).toBe(
          true,
        )
        expect(passes({ headers, body: inside, secrets: all })).toBe(false)
      }),
      runs,
    )
  })

  it('a flipped bit in the body, the digest or any header is refused', () => {
    fc.assert(
      fc.property(message, fc.nat(), ({ body, ...rest }, bit) => {
        const secret = newSecret()
        const headers = sign({ scheme, ...rest, body, secrets: [secret] })
        expect(passes({ headers, body: flip(body, bit), secret })).toBe(false)
        const forged = (headers[header] ?? '').replace(digest, (text) =>
          flip(Buffer.from(text, encoding), bit).toString(encoding),
        )
        expect(forged).not.toBe(headers[header])
        const refusal = verify({ scheme, headers: { ...headers, [header]: forged }, body, secret })
        expect(refusal).toMatchObject({ reason: 'no_matching_signature' })
        for (const [name, value] of Object.entries(headers)) {
          expect(passes({ headers: { ...headers, [name]: flipText(value, bit) }, body, secret })).toBe(false)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('whichever of several secrets signed is accepted, and no other', () => {
    fc.assert(
      fc.property(message, secrets, fc.nat(), (one, all, n) => {
        const secret = all[n % all.length] ?? ''
        const headers = sign({ scheme, ...one, secrets: [secret] })
        expect(passes({ headers, body: one.body, secrets: all })).toBe(true)
        const others = [newSecret(), ...all.filter((other) => other !== secret)]
        expect(passes({ headers, body: one.body, secrets: others })).toBe(false)
      }),
      runs,
    )
  })

  it('during a rotation the oldest secret is always enough; the others too where there is room', () => {
    fc.assert(
      fc.property(message, secrets, (one, all) => {
        const headers = sign({ scheme, ...one, secrets: all })
        const enough = all.filter((secret) => passes({ headers, body: one.body, secret }))
        expect(enough).toEqual(scheme === 'hex' || scheme === 'sha256' ? all.slice(-1) : all)
      }),
      runs,
    )
  })

  it('no other scheme accepts it', () => {
    fc.assert(
      fc.property(message, (one) => {
        const secret = newSecret()
        const signed = Object.values(sign({ scheme, ...one, secrets: [secret] })).at(-1) ?? ''
        for (const other of signatureSchemes.filter((name) => name !== scheme)) {
          const named = sign({ scheme: other, ...one, secrets: [secret] })
          const headers = { ...named, [spelling[other].header]: signed }
          expect(verify({ scheme: other, headers, body: one.body, secret })).toMatchObject({ ok: false })
        }
      }),
      runs,
    )
  })

  it('no other value of a header is accepted, and none makes it throw', () => {
    const one = { id: 'msg_1', timestamp: 1_700_000_000, body: Buffer.from('{}') }
    const secret = newSecret()
    const headers = sign({ scheme, ...one, secrets: [secret] })
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(headers)), fc.string({ unit: 'binary' }), (name, value) => {
        fc.pre(value !== headers[name])
        expect(passes({ headers: { ...headers, [name]: value }, body: one.body, secret })).toBe(false)
      }),
    )
  })
})
