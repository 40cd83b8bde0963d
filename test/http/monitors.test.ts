/** A monitor's limits, addresses and signatures, as its owner sets them. */
import { describe, expect, it } from 'vitest'
import { memoryStorage } from '../../src/index.js'
import { type TestApp, testApp } from '../support/app.js'

async function scene(options: Parameters<typeof testApp>[0] = {}) {
  const it: TestApp = testApp(options)
  const { body: contract } = await it.acme.post('/contracts').send({ name: 'Orders', sample: { id: 1 } })
  const create = (more: object = {}) =>
    it.acme.post('/monitors').send({ name: 'M', contract_id: contract.id, ...more })
  return { ...it, create }
}

describe('a monitor', () => {
  it('has none of them unless it says so', async () => {
    const { create, acme } = await scene()
    const { status, body } = await create()
    expect(status).toBe(201)
    expect(Object.keys(body).sort()).toEqual(
      [
        ...['id', 'name', 'description', 'contract_id', 'active', 'max_bytes', 'max_files', 'rate_limit'],
        ...['allowed_addresses', 'signed', 'token_prefix', 'signing_prefix', 'created_at', 'updated_at'],
        ...['last_upload_at', 'token', 'upload_url'],
      ].sort(),
    )
    const none = { max_bytes: null, max_files: 1, rate_limit: null, allowed_addresses: [] }
    expect(body).toMatchObject({ ...none, signed: false, signing_prefix: null })
    expect((await acme.get(`/monitors/${body.id}`)).body).toMatchObject(none)
  })

  it('keeps what it is given, and what a change does not name', async () => {
    const { create, acme } = await scene()
    const given = { max_bytes: 1_000, max_files: 3, rate_limit: { points: 5, duration_ms: 1_000 } }
    const { body: made } = await create({ ...given, allowed_addresses: ['192.0.2.1'] })
    expect(made).toMatchObject({ ...given, allowed_addresses: ['192.0.2.1'] })
    const { body } = await acme.patch(`/monitors/${made.id}`).send({ max_bytes: null, rate_limit: null })
    expect(body).toMatchObject({ max_bytes: null, max_files: 3, rate_limit: null })
    expect(body.allowed_addresses).toEqual(['192.0.2.1'])
    const { body: open } = await acme.patch(`/monitors/${made.id}`).send({ allowed_addresses: [] })
    expect(open).toMatchObject({ allowed_addresses: [], max_files: 3 })
  })

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['192.0.2.7/32', '192.0.2.7'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['2001:db8:1:2:3::/48', '2001:db8:1::/48'],
    ['::/0', '::/0'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:10.1.2.3/104', '10.0.0.0/8'],
  ])('spells the address %s as %s', async (given, kept) => {
    const { create } = await scene()
    const { body } = await create({ allowed_addresses: [given, given] })
    expect(body.allowed_addresses).toEqual([kept])
  })

  const address = (text: unknown) => ({ allowed_addresses: ['192.0.2.1', text] })
  it.each([
    [address('192.0.2'), 'allowed_addresses[1]', 'invalid_address'],
    [address('192.0.2.256'), 'allowed_addresses[1]', 'invalid_address'],
    [address('010.0.0.1'), 'allowed_addresses[1]', 'invalid_address'],
    [address('10.0.0.0/33'), 'allowed_addresses[1]', 'invalid_address'],
    [address('10.0.0.0/08'), 'allowed_addresses[1]', 'invalid_address'],
    [address('10.0.0.0/'), 'allowed_addresses[1]', 'invalid_address'],
    [address('2001:db8::/129'), 'allowed_addresses[1]', 'invalid_address'],
    [address('::ffff:10.0.0.1/95'), 'allowed_addresses[1]', 'invalid_address'],
    [address('fe80::1%eth0'), 'allowed_addresses[1]', 'invalid_address'],
    [address('example.com'), 'allowed_addresses[1]', 'invalid_address'],
    [address(''), 'allowed_addresses[1]', 'invalid_address'],
    [address(1), 'allowed_addresses[1]', 'invalid_type'],
    [{ allowed_addresses: '192.0.2.1' }, 'allowed_addresses', 'invalid_type'],
    [{ max_bytes: 5_001 }, 'max_bytes', 'too_big'],
    [{ max_bytes: 0 }, 'max_bytes', 'too_small'],
    [{ max_files: 4 }, 'max_files', 'too_big'],
    [{ max_files: 0 }, 'max_files', 'too_small'],
    [{ max_files: null }, 'max_files', 'invalid_type'],
    [{ rate_limit: { points: 1 } }, 'rate_limit.duration_ms', 'required'],
    [{ rate_limit: { points: 10_001, duration_ms: 1 } }, 'rate_limit.points', 'too_big'],
    [{ rate_limit: { points: 1, duration_ms: 3_600_001 } }, 'rate_limit.duration_ms', 'too_big'],
    [{ rate_limit: { points: 1, duration_ms: 1, per: 'ip' } }, 'rate_limit.per', 'unknown_field'],
    [{ signed: 'yes' }, 'signed', 'invalid_type'],
    [{ signed: true, max_files: 2 }, 'max_files', 'too_big'],
    [{ name: 'N', signing_secret: 'whsec_mine' }, 'signing_secret', 'unknown_field'],
  ])('is not made or changed with %j', async (given, path, code) => {
    const { create, acme } = await scene({ upload: { maxBytes: 5_000, maxFiles: 3 } })
    const { id } = (await create()).body
    for (const answer of [await create(given), await acme.patch(`/monitors/${id}`).send(given)]) {
      expect(answer.body).toMatchObject({ status: 400, code: 'INVALID_REQUEST', errors: [{ path, code }] })
    }
  })

  it('has as much of each as is allowed, and no more addresses', async () => {
    const { create } = await scene({ upload: { maxBytes: 5_000, maxFiles: 3 } })
    const addresses = (count: number) => Array.from({ length: count }, (_, n) => `192.0.2.${n}`)
    const most = { max_bytes: 5_000, max_files: 3, rate_limit: { points: 10_000, duration_ms: 3_600_000 } }
    const { body } = await create({ ...most, allowed_addresses: addresses(100) })
    expect(body).toMatchObject({ ...most, allowed_addresses: addresses(100) })
    const over = await create({ allowed_addresses: addresses(101) })
    expect(over.body).toMatchObject({ errors: [{ path: 'allowed_addresses', code: 'too_big' }] })
  })
})

describe('the secret of a signed monitor', () => {
  const secret = /^whsec_[0-9a-f]{64}$/

  it('is shown on creation and never again', async () => {
    const { create, acme } = await scene()
    const { body: made } = await create({ signed: true })
    expect(made.signing_secret).toMatch(secret)
    expect(made).toMatchObject({ signed: true, signing_prefix: made.signing_secret.slice(0, 14) })
    const again = [
      await acme.get(`/monitors/${made.id}`),
      await acme.get('/monitors'),
      await acme.get(`/monitors/${made.id}/upload-url`),
      await acme.patch(`/monitors/${made.id}`).send({ signed: true }),
      await acme.post(`/monitors/${made.id}/rotate-token`),
    ]
    for (const { text, status } of again) {
      expect(status).toBe(200)
      expect(text).not.toContain(made.signing_secret)
      expect(text).not.toContain('signing_secret')
    }
  })

  it('is not stored as it is', async () => {
    const storage = memoryStorage()
    const { create } = await scene({ storage })
    const { body: made } = await create({ signed: true })
    const row = await storage.get('monitors', 'acme', made.id)
    expect(row?.signingSealed).toMatch(/^v1\./)
    expect(JSON.stringify(row)).not.toContain(made.signing_secret)
  })

  it('is made by the change that asks for it, and forgotten by the one that does not', async () => {
    const { create, acme } = await scene()
    const { id } = (await create({ max_files: 2 })).body
    const several = await acme.patch(`/monitors/${id}`).send({ signed: true })
    expect(several.body.errors).toMatchObject([{ path: 'max_files' }])
    const { body: on } = await acme.patch(`/monitors/${id}`).send({ signed: true, max_files: 1 })
    expect(on.signing_secret).toMatch(secret)
    const { body: off } = await acme.patch(`/monitors/${id}`).send({ signed: false })
    expect(off).toMatchObject({ signed: false, signing_prefix: null })
    const { body: anew } = await acme.patch(`/monitors/${id}`).send({ signed: true })
    expect(anew.signing_secret).toMatch(secret)
    expect(anew.signing_secret).not.toBe(on.signing_secret)
  })

  it('can be rotated by whoever may write, where there is one; it is audited', async () => {
    const storage = memoryStorage()
    const { create, acme, globex, as } = await scene({ storage })
    const { body: made } = await create({ signed: true })
    const path = `/monitors/${made.id}/rotate-signing-secret`
    const { status, body } = await acme.post(path)
    expect(status).toBe(200)
    expect(body.signing_secret).toMatch(secret)
    expect(body.signing_secret).not.toBe(made.signing_secret)
    expect(body.signing_prefix).toBe(body.signing_secret.slice(0, 14))
    expect((await globex.post(path)).status).toBe(404)
    expect((await as('key-reader').post(path)).status).toBe(403)
    const plain = (await create()).body
    const refused = await acme.post(`/monitors/${plain.id}/rotate-signing-secret`)
    expect(refused.body).toMatchObject({ status: 409, code: 'CONFLICT' })
    const page = await storage.list('auditEntries', { tenantId: 'acme', index: 'created', limit: 100 })
    const rotations = page.items.filter(({ action }) => action === 'monitor.signing_secret_rotated')
    expect(rotations).toMatchObject([{ actor: 'ada', target: made.id }])
    expect(JSON.stringify(page.items)).not.toContain('whsec_')
  })
})
