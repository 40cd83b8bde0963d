import { afterEach, describe, expect, it, vi } from 'vitest'
import { createDrifthook, type DrifthookOptions, memoryStorage } from '../../src/index.js'

const authenticate = () => null
const refusal = (options: unknown) => {
  try {
    createDrifthook(options as DrifthookOptions)
    return null
  } catch (error) {
    return error as { code: string; message: string; errors: { path: string }[] }
  }
}

describe('createDrifthook', () => {
  afterEach(() => void vi.unstubAllEnvs())

  it('needs an authentication decision', () => {
    expect(refusal({})).toMatchObject({ code: 'OPTION_INVALID', errors: [{ path: 'authenticate' }] })
    expect(refusal({ authenticate: 'none' })).toMatchObject({ errors: [{ path: 'authenticate' }] })
    expect(refusal({ authenticate })).toBeNull()
    expect(refusal({ authenticate: 'unsafe-none' })).toBeNull()
  })

  it('refuses a misspelt option, with its path', () => {
    expect(refusal({ authenticate, storag: memoryStorage() })?.message).toContain('storag')
    expect(refusal({ authenticate, upload: { maxByte: 1 } })).toMatchObject({ errors: [{ path: 'upload' }] })
    expect(refusal({ authenticate, upload: { maxByte: 1 } })?.message).toContain('maxByte')
    expect(refusal({ authenticate, storage: {} })).toMatchObject({ errors: [{ path: 'storage' }] })
    expect(refusal({ authenticate, delivery: { retryDelays: 'sometimes' } })).toMatchObject({
      errors: [{ path: 'delivery.retryDelays' }],
    })
  })

  it('keeps what is over for days and hours above 0, or for ever', () => {
    const given = (retention: object) => refusal({ authenticate, retention })
    const forEver = { attemptsDays: null, messagesDays: null, idempotencyHours: null, auditDays: null }
    for (const good of [{}, forEver, { eventsDays: 0.5 }, { messagesDays: 1, idempotencyHours: 24 }])
      expect(given(good)).toBeNull()
    for (const bad of [
      { attemptsDays: 0 },
      { auditDays: -1 },
      { eventsDays: '3' },
      { messagesDays: Infinity },
    ])
      expect(given(bad)?.errors).toMatchObject([{ path: `retention.${Object.keys(bad)[0]}` }])
    expect(given({ messageDays: 3 })?.message).toContain('messageDays')
    for (const hours of [25, null])
      expect(given({ messagesDays: 1, idempotencyHours: hours })).toMatchObject({
        errors: [{ path: 'retention.idempotencyHours' }],
      })
  })

  it('takes a proxy by host and port, and nothing else of a URL', () => {
    const given = (proxy: string) => refusal({ authenticate, delivery: { proxy } })
    for (const good of ['http://proxy:3128', 'http://user:word@proxy:3128/', 'http://[::1]:8080'])
      expect(given(good)).toBeNull()
    for (const bad of ['https://proxy:3128', 'http://proxy:3128/path', 'http://proxy/?a', 'proxy:3128'])
      expect(given(bad)).toMatchObject({ code: 'OPTION_INVALID', errors: [{ path: 'delivery.proxy' }] })
  })

  it('needs a key for a storage that outlives the process', () => {
    const storage = Object.assign(Object.create(memoryStorage()), {
      capabilities: { durable: 'disk', crossProcess: true, hostTransactions: false },
    })
    expect(refusal({ authenticate, storage })).toMatchObject({
      errors: [{ path: 'secretKey', code: 'required' }],
    })
    expect(refusal({ authenticate, storage, secretKey: new Uint8Array(32) })).toBeNull()
    expect(refusal({ authenticate, storage, secretKey: 'ab'.repeat(32) })).toBeNull()
    expect(
      refusal({ authenticate, storage, secretKey: { new: new Uint8Array(32), old: 'cd'.repeat(32) } }),
    ).toBeNull()
    expect(refusal({ authenticate, storage, secretKey: 'short' })?.message).toContain('32 bytes')
  })

  it('refuses loopback for everybody in production, and takes a list of ports there', () => {
    vi.stubEnv('NODE_ENV', 'production')
    expect(refusal({ authenticate, delivery: { allowLoopback: true } })).toMatchObject({
      errors: [{ path: 'delivery.allowLoopback' }],
    })
    expect(refusal({ authenticate, delivery: { allowLoopback: [8080] } })).toBeNull()
  })

  it('never writes into what it is given, and a 0 stays a 0', () => {
    const options = Object.freeze({
      authenticate,
      delivery: Object.freeze({ retryDelays: Object.freeze([0]) }),
    })
    expect(refusal(options)).toBeNull()
    expect(refusal({ authenticate, delivery: { timeoutMs: 0 } })).toMatchObject({
      errors: [{ path: 'delivery.timeoutMs' }],
    })
  })
})
