/** A process that keeps uploads in a folder: `keep` holds one until it is killed, `serve` takes two over HTTP. */
import { once } from 'node:events'
import { chmod } from 'node:fs/promises'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { createDrifthook } from '../../src/index.js'
import { Intake } from '../../src/services/uploads/intake.js'
import { openFiles } from '../support/open-files.js'

const [what, directory = ''] = process.argv.slice(2)
const mebibyte = 1024 * 1024

async function keep(): Promise<void> {
  const intake = new Intake({
    fileName: null,
    contentType: null,
    maxBytes: 100 * mebibyte,
    format: null,
    hmacKey: null,
    place: { take() {}, giveBack() {}, leave() {} },
    directory,
  })
  await intake.write(Buffer.alloc(4 * mebibyte, 'a'))
  console.log(JSON.stringify(await openFiles(directory)))
  // Whoever started this kills it.
  setInterval(() => {}, 1_000)
}

/** A small file, which needs no folder, then a large one, then a small one: what each was answered. */
async function serve(): Promise<void> {
  const drifthook = createDrifthook({ authenticate: 'unsafe-none', upload: { directory } })
  const anyone = { tenantId: 'default', actor: 'ada', permissions: ['*' as const] }
  const rows = [1, 2, 3, 4].map((id) => ({ id }))
  const contract = await drifthook.contracts.create(anyone, { name: 'Rows', sample: rows })
  const { token } = await drifthook.monitors.create(anyone, { name: 'Rows', contractId: contract.id })
  const server = express().use(drifthook.router).listen(0)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  async function send(bytes: number): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    const sending = request({ port, path: `/webhook/${token}`, method: 'POST', headers, agent: false })
    sending.end(JSON.stringify(rows).padEnd(bytes, ' '))
    const [response] = await once(sending, 'response')
    let body = ''
    for await (const piece of response) body += piece
    const { code, detail } = JSON.parse(body)
    const retryAfter = response.headers['retry-after']
    console.log(JSON.stringify({ status: response.statusCode, code, detail, retryAfter }))
  }

  await send(0)
  if (what === 'serve-unwritable') {
    await chmod(directory, 0o500)
    // Rights are nothing to root.
    if (process.getuid?.() === 0) process.setuid?.(65_534)
  }
  await send(4 * mebibyte)
  await send(0)
  console.log(JSON.stringify(await openFiles(directory)))
  server.close()
}

await (what === 'keep' ? keep() : serve())
