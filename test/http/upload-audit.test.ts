/** Every attempt to upload is in the audit trail, and an attack does not drown it. */
import { createHash } from 'node:crypto'
import supertest from 'supertest'
import { describe, expect, it, vi } from 'vitest'
import { DrifthookError, type DrifthookOptions, memoryStorage, type Storage } from '../../src/index.js'
import { acme, contractAndMonitor, orders, placeOn, testApp, upload } from '../support/app.js'
import { testedHere } from '../support/combinations.js'

async function scene(options: Partial<DrifthookOptions> = {}) {
  const storage = options.storage ?? memoryStorage()
  const it = testApp({ ...options, storage }, (host) => host.set('trust proxy', true))
  return { ...it, storage, ...(await contractAndMonitor(it)) }
}

/** What the trail says of uploads, by code: what happened in one millisecond has no other order. */
async function trail(storage: Storage, tenantId: string) {
  const page = await storage.list('auditEntries', { tenantId, index: 'created', limit: 1_000 })
  return page.items
    .filter(({ action }) => action.startsWith('upload.'))
    .map(({ actor, action, target, detail }) => ({ actor, action, target, detail }))
    .sort((a, b) => (String(a.detail.code) < String(b.detail.code) ? -1 : 1))
}

const system = '_system'
const unknown = `/drift/webhook/${'x'.repeat(43)}`
const at = '2026-03-01T12:00:00.000Z'

describe('a file that is taken in', () => {
  it('is audited with its event, size, digest and sender', async () => {
    const { app, path, storage, monitor } = await scene()
    const answer = await upload(app, path, orders()).set('x-forwarded-for', '192.0.2.7')
    const sha256 = createHash('sha256').update(orders()).digest('hex')
    const detail = { event_id: answer.body.event_id, address: '192.0.2.7', size: orders().length, sha256 }
    expect(await trail(storage, 'acme')).toEqual([
      { actor: 'upload', action: 'upload.received', target: monitor.id, detail },
    ])
  })

  it('is audited under the name of whoever has the host check it', async () => {
    const { storage, drifthook, monitor } = await scene()
    await drifthook.uploads.check(acme, { monitorId: monitor.id, file: Buffer.from(orders()) })
    expect(await trail(storage, 'acme')).toMatchObject([
      { actor: 'ada', action: 'upload.received', detail: { event_id: 1, address: null } },
    ])
  })

  it('is audited each time it comes: again under its key, compared afterwards, on trial', async () => {
    const { app, path, storage, drifthook } = await scene()
    const keyed = (address: string) =>
      upload(app, path, orders()).set('idempotency-key', 'k1').set('x-forwarded-for', address)
    expect((await keyed('192.0.2.1')).body.event_id).toBe(1)
    expect((await keyed('192.0.2.2')).body.event_id).toBe(1)
    expect((await upload(app, path, orders()).set('prefer', 'respond-async')).body.event_id).toBe(2)
    expect((await upload(app, `${path}?dry_run=true`, orders())).body.event_id).toBe(null)
    await drifthook.stop()
    const received = (await trail(storage, 'acme')).map(({ action, detail }) => [
      `${action} ${detail.event_id}`,
      detail.address,
    ])
    expect(received.sort()).toEqual([
      ['upload.received 1', '192.0.2.1'],
      ['upload.received 1', '192.0.2.2'],
      ['upload.received 2', '127.0.0.1'],
      ['upload.received null', '127.0.0.1'],
    ])
  })

  it('is audited beside one of the same request that is refused', async () => {
    const { drifthook, storage, contract } = await scene()
    const two = { name: 'Two', contractId: contract.id, maxFiles: 2 }
    const { token } = await drifthook.monitors.create(acme, two)
    const admission = await drifthook.uploads.admit({ token, address: '192.0.2.1', signature: null })
    const files = []
    for (const content of [orders(), '{"orders": [']) {
      const intake = admission.open({ fileName: 'a.json', contentType: null })
      await intake.write(Buffer.from(content))
      files.push(await intake.end())
    }
    const wishes = { idempotencyKey: null, dryRun: false, later: false }
    expect(await admission.receive(files, wishes)).toMatchObject({ kind: 'several' })
    admission.leave()
    await drifthook.stop()
    expect(await trail(storage, 'acme')).toMatchObject([
      { action: 'upload.refused', detail: { code: 'FILE_MALFORMED', address: '192.0.2.1', count: 1 } },
      { action: 'upload.received', detail: { event_id: 1, address: '192.0.2.1' } },
    ])
  })

  it('leaves neither an event nor an entry when the commit fails', async () => {
    const storage = memoryStorage()
    const { app, path, acme: api } = await scene({ storage })
    const commit = storage.commit.bind(storage)
    vi.spyOn(storage, 'commit').mockImplementation(async (writes) => {
      if (writes.some(({ table }) => table === 'driftEvents'))
        throw new DrifthookError('STORAGE_UNAVAILABLE', 'The storage cannot be reached.')
      return commit(writes)
    })
    expect((await upload(app, path, orders())).status).toBe(503)
    expect((await api.get('/events')).body.items).toEqual([])
    expect((await trail(storage, 'acme')).filter(({ action }) => action === 'upload.received')).toEqual([])
  })
})

describe('a refused upload', () => {
  const refused = async (storage: Storage, tenantId: string) =>
    (await trail(storage, tenantId)).filter(({ action }) => action === 'upload.refused')

  it('is audited under its monitor, whatever it was refused for', async () => {
    const { app, path, storage, drifthook, monitor, contract } = await scene({
      upload: { maxBytes: 5_000, rateLimit: { points: 5 } },
    })
    for (const content of ['', 'a\u0000b', '{"orders": [', 'x'.repeat(5_001)])
      await upload(app, path, content)
    await upload(app, path, orders())
    await upload(app, path, orders())
    await drifthook.monitors.update(acme, monitor.id, { active: false })
    await upload(app, path, orders())
    await drifthook.monitors.update(acme, monitor.id, { active: true, allowedAddresses: ['192.0.2.1'] })
    await upload(app, path, orders())
    const signed = await drifthook.monitors.create(acme, {
      name: 'S',
      contractId: contract.id,
      signed: true,
    })
    await upload(app, `/drift/webhook/${signed.token}`, orders())
    await drifthook.stop()
    const entries = await refused(storage, 'acme')
    expect(entries.map(({ target, detail }) => [detail.code, target])).toEqual([
      ['ADDRESS_REFUSED', monitor.id],
      ['FILE_EMPTY', monitor.id],
      ['FILE_MALFORMED', monitor.id],
      ['FILE_SUSPICIOUS', monitor.id],
      ['FILE_TOO_LARGE', monitor.id],
      ['MONITOR_INACTIVE', monitor.id],
      ['RATE_LIMITED', monitor.id],
      ['SIGNATURE_INVALID', signed.id],
    ])
    for (const { actor, detail } of entries) {
      expect(actor).toBe('upload')
      expect(detail).toMatchObject({ address: '127.0.0.1', count: 1, first_at: at, last_at: at })
    }
    expect(JSON.stringify(entries)).not.toContain(monitor.token)
  })

  it('of an unknown token is audited for no tenant, without the token', async () => {
    const { app, storage, drifthook } = await scene()
    for (let n = 0; n < 22; n++) await upload(app, unknown, orders())
    await drifthook.stop()
    expect(await refused(storage, 'acme')).toEqual([])
    const entries = await refused(storage, system)
    expect(entries).toMatchObject([
      { target: null, detail: { code: 'RATE_LIMITED', address: '127.0.0.1', count: 2 } },
      { target: null, detail: { code: 'TOKEN_UNKNOWN', address: '127.0.0.1', count: 20 } },
    ])
    expect(JSON.stringify(entries)).not.toContain('xxx')
  })

  it('that came unencrypted is audited, and an encrypted one is not', async () => {
    const { app, path, storage, drifthook } = await scene({ requireHttps: true })
    expect((await upload(app, path, orders())).body).toMatchObject({ code: 'HTTPS_REQUIRED' })
    expect((await upload(app, path, orders()).set('x-forwarded-proto', 'https')).status).toBe(200)
    await supertest(app).get('/drift/api/v1/events')
    await drifthook.stop()
    expect(await refused(storage, system)).toMatchObject([{ detail: { code: 'HTTPS_REQUIRED', count: 1 } }])
  })

  it('is in the trail soon, with no end of the process needed, and counted on a few seconds later', async () => {
    const { app, storage, clock, drifthook } = await scene()
    await upload(app, unknown, orders())
    await vi.waitFor(async () => expect(await refused(storage, system)).toHaveLength(1))
    await clock.advance(1_000)
    for (let n = 0; n < 3; n++) await upload(app, unknown, orders())
    expect(await refused(storage, system)).toMatchObject([{ detail: { count: 1 } }])
    await clock.advance(5_000)
    await vi.waitFor(async () =>
      expect(await refused(storage, system)).toMatchObject([
        { detail: { count: 4, first_at: at, last_at: '2026-03-01T12:00:01.000Z' } },
      ]),
    )
    await clock.advance(60_000)
    await upload(app, unknown, orders())
    await drifthook.stop()
    expect(await refused(storage, system)).toHaveLength(2)
  })

  it.each(testedHere)('is counted on %s', async (on) => {
    const place = placeOn(on)
    const { app, drifthook, clock } = await scene(place.open())
    await upload(app, unknown, orders())
    await clock.advance(5_000)
    await upload(app, unknown, orders())
    await drifthook.stop()
    const { storage } = place.open()
    await storage.open()
    expect(await refused(storage, system)).toMatchObject([{ detail: { code: 'TOKEN_UNKNOWN', count: 2 } }])
    await storage.close()
  })

  it('is answered all the same while the trail cannot be written', async () => {
    const storage = memoryStorage()
    const { app, clock, logger, drifthook } = await scene({ storage })
    const commit = vi
      .spyOn(storage, 'commit')
      .mockRejectedValue(new DrifthookError('STORAGE_UNAVAILABLE', 'The storage cannot be reached.'))
    expect((await upload(app, unknown, orders())).status).toBe(404)
    await vi.waitFor(() => expect(commit).toHaveBeenCalled())
    await clock.advance(5_000)
    await vi.waitFor(() => expect(commit.mock.calls.length).toBeGreaterThan(1))
    expect(logger.lines.filter(({ message }) => message.includes('cannot be written'))).toHaveLength(1)
    commit.mockRestore()
    await drifthook.stop()
    expect(await refused(storage, system)).toMatchObject([{ detail: { count: 1 } }])
  })

  it('is in the log once if it looks like an attack', async () => {
    const { app, path, logger, monitor } = await scene()
    const warned = () => logger.lines.filter(({ message }) => message === 'an upload was refused')
    await upload(app, path, '')
    expect(warned()).toEqual([])
    for (let n = 0; n < 2; n++) await upload(app, path, 'a\u0000b')
    for (let n = 0; n < 22; n++) await upload(app, unknown, orders())
    const of = (code: string, monitorId: string | null, tenantId: string | null) => ({
      level: 'warn',
      message: 'an upload was refused',
      fields: { code, monitorId, tenantId, address: '127.0.0.1' },
    })
    expect(warned()).toEqual([of('FILE_SUSPICIOUS', monitor.id, 'acme'), of('RATE_LIMITED', null, null)])
  })
})
