/** Another key for what is stored: every process goes on, and at the end the old key is needed by none. */
import { createHmac } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { sqliteStorage } from '../../../src/adapters/sqlite/index.js'
import type { Row } from '../../../src/ports/tables.js'
import { verify } from '../../../src/signing/index.js'
import { acme, globex, orders, testApp, upload } from '../../support/app.js'
import { auditActions, databaseFile, publish, receiving, subscribe } from '../../support/webhooks.js'

const k1 = new Uint8Array(32).fill(1)
const k2 = new Uint8Array(32).fill(2)
type Keys = Record<string, Uint8Array>

/** A process with these keys on a database file. */
function process(filename: string, secretKey: Keys) {
  const storage = sqliteStorage({ filename })
  const app = testApp({ storage, secretKey, eventTypes: ['contact.created'] })
  onTestFinished(() => app.drifthook.stop({ drainMs: 0 }))
  return { ...app, storage }
}
type Process = ReturnType<typeof process>

const drifted = orders((order) => {
  delete order.email
})

/** Something of everything that is stored sealed. */
async function stage(app: Process, url: string) {
  const webhook = await subscribe(app, url, { headers: { 'x-key': 'mine' }, events: ['*'] })
  const rotated = (await app.acme.post(`/webhooks/${webhook.id}/rotate-secret`)).body
  const sample = JSON.parse(orders())
  const contract = (await app.acme.post('/contracts').send({ name: 'Orders', sample })).body
  const monitor = (
    await app.acme.post('/monitors').send({ name: 'K', contract_id: contract.id, signed: true })
  ).body
  return { webhook, rotated, contract, monitor }
}

/** Uploads as a partner does that holds both of the monitor's credentials. */
function signedUpload(app: Process, monitor: { token: string; signing_secret: string }) {
  const signature = createHmac('sha256', monitor.signing_secret).update(drifted).digest('hex')
  return upload(app.app, `/drift/webhook/${monitor.token}`, drifted).set(
    'x-upload-signature',
    `sha256=${signature}`,
  )
}

/** Starts re-encryption and works it; returns the job as it ended. */
async function reencrypted(app: Process, as = app.acme) {
  const { status, body } = await as.post('/secrets/reencrypt')
  expect(status).toBe(202)
  expect(body).toMatchObject({ kind: 'reencrypt', target: null, status: 'pending', progress: {} })
  await app.drifthook.runDue()
  return (await as.get(`/jobs/${body.id}`)).body
}

const sealedTables = ['contracts', 'monitors', 'subscriptions'] as const

/** The ids of the keys that a tenant's records are sealed with. */
async function keysInUse({ storage }: Process, tenantId = 'acme') {
  const pages = await Promise.all(
    sealedTables.map((table) => storage.list(table, { tenantId, index: 'created', limit: 1_000 })),
  )
  const text = JSON.stringify(pages.map(({ items }) => items))
  return [...new Set([...text.matchAll(/"v1\.(\w+)\./g)].map(([, id]) => id))].sort()
}

describe('re-encryption', () => {
  it('leaves everything readable with the new key alone', async () => {
    const filename = databaseFile()
    const to = await receiving()
    const before = process(filename, { k1 })
    const { webhook, rotated, monitor } = await stage(before, to.url())
    expect(await keysInUse(before)).toEqual(['k1'])

    const both = process(filename, { k2, k1 })
    await publish(both)
    await both.drifthook.runDue()
    expect(to.requests).toHaveLength(1)
    expect(await reencrypted(both)).toMatchObject({
      status: 'done',
      progress: { scanned: 3, resealed: 3, unreadable: 0 },
    })
    expect(await keysInUse(both)).toEqual(['k2'])
    expect(await auditActions(both)).toContain('secrets.reencrypted')

    const after = process(filename, { k2 })
    await publish(after)
    await after.drifthook.runDue()
    const request = to.requests[1]
    expect(request?.headers['x-key']).toBe('mine')
    for (const secret of [webhook.secret, rotated.secret]) {
      expect(request && verify({ ...request, secret, now: after.clock.now })).toEqual({ ok: true })
    }
    const shown = await after.acme.get(`/monitors/${monitor.id}/upload-url`)
    expect(shown.body.token).toBe(monitor.token)
    const checked = await signedUpload(after, monitor)
    expect(checked.body).toMatchObject({ success: true, has_drift: true })
    // And the process with both keys does as before.
    expect((await signedUpload(both, monitor)).status).toBe(200)
  })

  it('that runs again finds nothing, and rewrites nothing', async () => {
    const filename = databaseFile()
    await stage(process(filename, { k1 }), 'https://a.example/')
    const both = process(filename, { k2, k1 })
    await reencrypted(both)
    const rows = async () =>
      Promise.all(
        sealedTables.map((table) =>
          both.storage.list(table, { tenantId: 'acme', index: 'created', limit: 10 }),
        ),
      )
    const before = await rows()
    expect(await reencrypted(both)).toMatchObject({ status: 'done', progress: { scanned: 3, resealed: 0 } })
    expect(await rows()).toEqual(before)
  })

  it('is each tenant’s own', async () => {
    const filename = databaseFile()
    const first = process(filename, { k1 })
    await stage(first, 'https://a.example/')
    await first.globex.post('/webhooks').send({ url: 'https://b.example/', events: ['*'] })
    const both = process(filename, { k2, k1 })
    await reencrypted(both)
    expect([await keysInUse(both), await keysInUse(both, 'globex')]).toEqual([['k2'], ['k1']])
    expect(await reencrypted(both, both.globex)).toMatchObject({ progress: { scanned: 1, resealed: 1 } })
    expect(await keysInUse(both, 'globex')).toEqual(['k2'])
    expect((await both.as('key-reader').post('/secrets/reencrypt')).status).toBe(403)
  })

  it('goes through more records than one step looks at', async () => {
    const filename = databaseFile()
    const first = process(filename, { k1 })
    const input = { url: 'https://a.example/', events: ['*'] }
    for (let n = 0; n < 230; n++) await first.drifthook.subscriptions.create(globex, input)
    const both = process(filename, { k2, k1 })
    expect(await reencrypted(both, both.globex)).toMatchObject({
      progress: { scanned: 230, resealed: 230, unreadable: 0 },
    })
    expect(await keysInUse(both, 'globex')).toEqual(['k2'])
  })

  it('leaves what no key opens, says how much that is, and does the rest', async () => {
    const filename = databaseFile()
    const k0 = new Uint8Array(32).fill(9)
    const lost = process(filename, { k0 })
    await subscribe(lost, 'https://lost.example/')
    await stage(process(filename, { k1 }), 'https://a.example/')
    const both = process(filename, { k2, k1 })
    expect(await reencrypted(both)).toMatchObject({
      status: 'done',
      progress: { scanned: 4, resealed: 3, unreadable: 1 },
    })
    expect(await keysInUse(both)).toEqual(['k0', 'k2'])
    expect(both.logger.lines.filter(({ level }) => level === 'error')).not.toEqual([])
    // With that key, too, it is done.
    const all = process(filename, { k2, k0 })
    expect(await reencrypted(all)).toMatchObject({ progress: { resealed: 1, unreadable: 0 } })
    expect(await keysInUse(all)).toEqual(['k2'])
  })

  it('does not undo, and is not undone by, a rotation at the same time', async () => {
    const filename = databaseFile()
    const { webhook } = await stage(process(filename, { k1 }), 'https://a.example/')
    const both = process(filename, { k2, k1 })
    // The rotation has read the webhook when the job writes.
    const commit = both.storage.commit.bind(both.storage)
    let worked = false
    both.storage.commit = async (writes) => {
      if (!worked && writes.some((write) => write.op === 'update' && write.table === 'subscriptions')) {
        worked = true
        await both.drifthook.secrets.reencrypt(acme)
        await both.drifthook.runDue()
      }
      return commit(writes)
    }
    expect((await both.acme.post(`/webhooks/${webhook.id}/rotate-secret`)).status).toBe(200)
    expect(worked).toBe(true)
    expect(await keysInUse(both)).toEqual(['k2'])
  })
})

describe('a secret that cannot be read', () => {
  it('is our own fault: no attempt is counted, nothing is held against the receiver', async () => {
    const filename = databaseFile()
    const to = await receiving()
    const made = await subscribe(process(filename, { k1 }), to.url())
    const without = process(filename, { k2 })
    await publish(without)
    await without.drifthook.runDue()
    const stood = async ({ acme: api }: Process) => {
      const [delivery] = (await api.get(`/webhooks/${made.id}/deliveries`)).body.items
      return [
        delivery.status,
        delivery.attempt_count,
        (await api.get(`/webhooks/${made.id}`)).body.failing_since,
      ]
    }
    expect(await stood(without)).toEqual(['pending', 0, null])
    const errors = without.logger.lines.filter(({ level }) => level === 'error')
    expect(errors[0]?.fields?.error).toMatchObject({ code: 'SECRET_UNREADABLE' })

    const withBoth = process(filename, { k2, k1 })
    await withBoth.clock.advance(60_000)
    await withBoth.drifthook.runDue()
    expect(await stood(withBoth)).toEqual(['delivered', 1, null])
    expect(to.requests).toHaveLength(1)
  })

  it('is one that was moved from another webhook', async () => {
    const app = process(databaseFile(), { k1 })
    const to = await receiving()
    const [mine, theirs] = [await subscribe(app, to.url('/mine')), await subscribe(app, to.url('/theirs'))]
    const row = (await app.storage.get('subscriptions', 'acme', theirs.id)) as Row<'subscriptions'>
    const { secretSealed } = row
    const moved = { op: 'update', table: 'subscriptions', tenantId: 'acme', id: mine.id } as const
    await app.storage.commit([{ ...moved, set: { secretSealed } }])
    await publish(app)
    await app.drifthook.runDue()
    expect(to.requests.map(({ path }) => path)).toEqual(['/theirs'])
    expect((await app.acme.post(`/webhooks/${mine.id}/test`)).body).toMatchObject({ error_class: 'ours' })
  })
})
