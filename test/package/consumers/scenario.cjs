/**
 * What a host does with drifthook, from the first request to the verified webhook. Every consumer loads the
 * package its own way and hands it in.
 */
const assert = require('node:assert/strict')

/** Large enough to be analysed in a worker thread. */
const drifted = Array.from({ length: 10_000 }, (_, id) => ({ id, total: '12.50', currency: 'EUR' }))

exports.scenario = async ({ express, createDrifthook, receiver, verify, options = {} }) => {
  const inbox = await receiver()
  const drifthook = createDrifthook({
    authenticate: () => ({ tenantId: 'acme', actor: 'test', permissions: ['*'] }),
    delivery: { allowLoopback: true },
    ...options,
  })
  const app = express()
  app.use('/drift', drifthook.router)
  await drifthook.start()
  const server = await new Promise((resolve, reject) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
    listening.once('error', reject)
  })
  const origin = `http://127.0.0.1:${server.address().port}`

  async function call(path, init, status) {
    const response = await fetch(new URL(path, origin), init)
    const text = await response.text()
    assert.equal(response.status, status, `${path}: ${response.status} ${text}`)
    return JSON.parse(text)
  }
  const create = (resource, body) =>
    call(
      `/drift/api/v1/${resource}`,
      { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
      201,
    )

  try {
    const contract = await create('contracts', { name: 'orders', sample: [{ id: 1, total: 10.5 }] })
    const monitor = await create('monitors', { name: 'acme orders', contract_id: contract.id })
    const { secret } = await create('webhooks', { url: inbox.url(), events: ['drift.*'] })

    const form = new FormData()
    form.append('file', new Blob([JSON.stringify(drifted)], { type: 'application/json' }), 'orders.json')
    const upload = await call(`/drift/webhook/${monitor.token}`, { method: 'POST', body: form }, 200)
    assert.equal(upload.success, true)
    assert.equal(upload.has_drift, true)
    assert.equal(upload.drift_summary.additions, 1)
    assert.equal(upload.drift_summary.changes, 1)
    assert.equal(upload.alert_queued, true)

    const { headers, body } = await inbox.next()
    assert.equal((await verify({ headers, body, secret })).ok, true)
    const forged = await verify({
      headers,
      body,
      secret: secret.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
    })
    assert.equal(forged.ok, false)
    const message = JSON.parse(Buffer.from(body).toString('utf8'))
    assert.equal(message.event, 'drift.detected')
  } finally {
    // Nothing may keep this process alive after these three: it is not ended by hand.
    await drifthook.stop()
    await new Promise((resolve) => {
      server.close(resolve)
      server.closeAllConnections()
    })
    await inbox.close()
  }
}
