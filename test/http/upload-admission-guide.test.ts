/** What the guide tells senders and hosts to paste does what it says, run against a real server. */
import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Express } from 'express'
import { describe, expect, it, onTestFinished } from 'vitest'
import { acme, contractAndMonitor, orders, testApp, upload } from '../support/app.js'

const root = join(import.meta.dirname, '../..')
const guide = readFileSync(join(root, 'docs/guides/upload-security.md'), 'utf8')
const blocks = [...guide.matchAll(/^```(\w+)\n(.*?)^```/gms)].map(([, language, code = '']) => ({
  language,
  code,
}))
const block = (language: string, holding: string) =>
  blocks.find((each) => each.language === language && each.code.includes(holding))?.code ?? ''

const missing = (...commands: string[]) =>
  commands.some((each) => spawnSync(each, ['--help']).error !== undefined)

/** A folder that is gone with the test, inside the project: its modules find what is installed. */
function scratch(): string {
  const all = join(root, 'test/.tmp')
  mkdirSync(all, { recursive: true })
  const folder = mkdtempSync(join(all, 'uploads-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function listening(app: Express): Promise<string> {
  const server = app.listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function scene() {
  const it = testApp()
  const { contract, monitor } = await contractAndMonitor(it)
  const signed = await it.drifthook.monitors.create(acme, {
    name: 'S',
    contractId: contract.id,
    signed: true,
  })
  const file = join(scratch(), 'orders.json')
  writeFileSync(file, orders())
  const send = (signature: string) =>
    upload(it.app, `/drift/webhook/${signed.token}`, orders()).set('x-upload-signature', signature)
  return { ...it, monitor, signed, secret: signed.signingSecret ?? '', file, send }
}

/** Asynchronously: the server that is called is in this process. */
const shell = async (script: string, env: Record<string, string>) =>
  JSON.parse((await promisify(execFile)('sh', ['-c', script], { env: { ...process.env, ...env } })).stdout)

describe('the guide on uploads', () => {
  it.skipIf(missing('curl', 'openssl'))('signs in a shell', async () => {
    const { app, signed, secret, file } = await scene()
    const env = { UPLOAD_URL: `${await listening(app)}/drift/webhook/${signed.token}`, FILE: file }
    const script = block('sh', 'openssl')
    expect(await shell(script, { ...env, SIGNING_SECRET: secret })).toMatchObject({ success: true })
    expect(await shell(script, { ...env, SIGNING_SECRET: 'whsec_0' })).toMatchObject({ status: 401 })
  })

  it.skipIf(missing('python3'))('signs in Python', async () => {
    const { secret, file, send } = await scene()
    const script = `${block('python', 'upload_signature')}
import sys
print(upload_signature(open(sys.argv[1], 'rb').read(), sys.argv[2]), end='')`
    const sign = async (by: string) => (await promisify(execFile)('python3', ['-c', script, file, by])).stdout
    expect((await send(await sign(secret))).status).toBe(200)
    expect((await send(await sign('whsec_0'))).status).toBe(401)
  })

  it('signs in Node', async () => {
    const { secret, send } = await scene()
    const module = join(scratch(), 'sign.ts')
    writeFileSync(module, block('ts', 'uploadSignature'))
    const { uploadSignature } = await import(module)
    expect((await send(uploadSignature(Buffer.from(orders()), secret))).status).toBe(200)
    expect((await send(uploadSignature(Buffer.from(orders()), 'whsec_0'))).status).toBe(401)
  })

  it.skipIf(missing('curl'))('sends the token in a header', async () => {
    const { app, monitor, file } = await scene()
    const script = block('sh', 'X-Upload-Token')
      .replace('https://example.com', await listening(app))
      .replace('orders.json', file)
    expect(await shell(script, { UPLOAD_TOKEN: monitor.token })).toMatchObject({ success: true })
    expect(await shell(script, { UPLOAD_TOKEN: 'x'.repeat(43) })).toMatchObject({ code: 'TOKEN_UNKNOWN' })
  })

  it('keeps the token out of an access log, and all else in it', async () => {
    const module = join(scratch(), 'log.ts')
    writeFileSync(module, block('ts', 'loggedUrl'))
    const { loggedUrl } = await import(module)
    const lines: string[] = []
    // As morgan does: when the answer is out, with the URL as the token function tells it.
    const it = testApp({}, (host) =>
      host.use((request, response, next) => {
        response.on('finish', () =>
          lines.push(`${request.method} ${loggedUrl(request)} ${response.statusCode}`),
        )
        next()
      }),
    )
    const { path, monitor } = await contractAndMonitor(it)
    expect((await upload(it.app, `${path}?from=kestrel`, orders())).status).toBe(200)
    await it.acme.get('/monitors?limit=1')
    expect(lines).toEqual([
      'POST /drift/webhook/***?from=kestrel 200',
      'GET /drift/api/v1/monitors?limit=1 200',
    ])
    expect(lines.join()).not.toContain(monitor.token)
  })
})
