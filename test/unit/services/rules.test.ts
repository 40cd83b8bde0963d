/** The small rules of the services, one by one. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventKey, newId } from '../../../src/services/ids.js'
import { requirePermission } from '../../../src/services/permissions.js'
import { secretBox } from '../../../src/services/secret-box.js'
import {
  maskHeaders,
  reservedHeader,
  shownUrl,
} from '../../../src/services/subscriptions/receiver-address.js'

describe('ids', () => {
  it('sort by the time they were made', () => {
    const ids = [1, 2, 1_700_000_000_000, 1_700_000_000_001].map((now) => newId('ct', now))
    expect([...ids].sort()).toEqual(ids)
    expect(ids[3]).toMatch(/^ct_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it('keep the order of event numbers as text', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
        expect(eventKey(a) < eventKey(b)).toBe(a < b)
      }),
    )
  })
})

describe('the secret box', () => {
  const key = (n: number) => new Uint8Array(32).fill(n)
  const box = secretBox(new Map([['a', key(1)]]), 'a')
  const place = 'monitors/acme/mon_1/token' as const

  it('opens what it sealed, and only at its place', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (plain) => {
        expect(box.open(box.seal(plain, place), place)).toBe(plain)
      }),
    )
    const sealed = box.seal('secret', place)
    expect(sealed).not.toContain('secret')
    expect(box.seal('secret', place)).not.toBe(sealed)
    expect(() => box.open(sealed, 'monitors/globex/mon_1/token')).toThrow(/cannot be decrypted/)
  })

  it('refuses what was altered, cut or sealed with another key', () => {
    const sealed = box.seal('secret', place)
    const body = sealed.split('.')[2] ?? ''
    for (let n = 0; n < body.length; n++) {
      const other = body[n] === 'A' ? 'B' : 'A'
      const altered = `v1.a.${body.slice(0, n)}${other}${body.slice(n + 1)}`
      if (Buffer.from(altered.slice(5), 'base64url').equals(Buffer.from(body, 'base64url'))) continue
      expect(() => box.open(altered, place)).toThrow(expect.objectContaining({ code: 'SECRET_UNREADABLE' }))
    }
    for (const broken of ['', 'v1', 'v1.a', 'v1.a.', 'v1.a.AAAA', 'v2.a.x', sealed.slice(0, -4)]) {
      expect(() => box.open(broken, place)).toThrow(expect.objectContaining({ code: 'SECRET_UNREADABLE' }))
    }
    const other = secretBox(new Map([['a', key(2)]]), 'a')
    expect(() => other.open(sealed, place)).toThrow(expect.objectContaining({ code: 'SECRET_UNREADABLE' }))
  })

  it('reads with every key, and seals with the first', () => {
    const rotated = secretBox(
      new Map([
        ['b', key(2)],
        ['a', key(1)],
      ]),
      'b',
    )
    expect(rotated.open(box.seal('secret', place), place)).toBe('secret')
    expect(rotated.seal('x', place)).toMatch(/^v1\.b\./)
    expect(() => box.open(rotated.seal('x', place), place)).toThrow(/"b"/)
  })
})

describe('permissions', () => {
  it('are granted by name, by noun, or all', () => {
    const who = (...permissions: never[]) => ({ tenantId: 't', actor: 'a', permissions })
    const may = (...granted: string[]) => {
      try {
        requirePermission(who(...(granted as never[])), 'contracts:write')
        return true
      } catch {
        return false
      }
    }
    expect([may('*'), may('contracts:*'), may('contracts:write')]).toEqual([true, true, true])
    expect([may(), may('contracts:read'), may('contract:*'), may('monitors:*', 'contracts')]).toEqual([
      false,
      false,
      false,
      false,
    ])
  })
})

describe('what is shown of a receiver', () => {
  it('masks query values, and paths that are credentials', () => {
    expect(shownUrl('https://a.example/in?key=x&key=y&b=')).toBe('https://a.example/in?key=***&b=***')
    expect(shownUrl('https://hooks.slack.com/services/T0/B0/x')).toBe('https://hooks.slack.com/***')
    expect(shownUrl('https://acme.webhook.office.com/webhookb2/x')).toBe(
      'https://acme.webhook.office.com/***',
    )
    expect(shownUrl('https://nothooks.slack.com.example/services/x')).toContain('/services/x')
    expect(maskHeaders({ 'x-a': 'secret' })).toEqual({ 'x-a': '***' })
  })

  it('keeps framing and signature headers ours', () => {
    expect(
      ['Host', 'content-length', 'Content-Type', 'Webhook-Signature', 'transfer-encoding', 'Proxy-X'].every(
        reservedHeader,
      ),
    ).toBe(true)
    expect(['authorization', 'x-api-key', 'x-webhook'].some(reservedHeader)).toBe(false)
  })
})
