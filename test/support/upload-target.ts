/** A server that takes uploads, for those who mean it ill: what it has open can be seen from here. */
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import supertest from 'supertest'
import type { UploadOptions } from '../../src/services/uploads/settings.js'
import { acme, globex, orders, testApp } from './app.js'
import { exchange, filePart, postParts, type RawAnswer } from './raw-http.js'

/** A good file of each format, which passes its contract. */
const isa = `ISA*00*${' '.repeat(10)}*00*${' '.repeat(10)}*ZZ*${'S'.padEnd(15)}*ZZ*${'R'.padEnd(15)}*260301*1200*^*00501*000000001*0*P*>~`
export const goodFiles = {
  json: orders(),
  csv: 'id,sku,price\n1,KX-1,1.5\n2,KX-2,2.5\n3,KX-3,3.5\n',
  xml: '<?xml version="1.0"?><orders><order id="1"><sku>KX-1</sku></order><order id="2"><sku>KX-2</sku></order></orders>',
  x12: `${isa}\nGS*PO*S*R*20260301*1200*1*X*005010~\nST*850*0001~\nBEG*00*SA*PO1**20260301~\nPO1*1*2*EA*3**VP*AB~\nSE*4*0001~\nGE*1*1~\nIEA*1*000000001~\n`,
  'key-value': '[server]\nhost = node-1.example\nport = 8080\n[limits]\nfiles = 3\n',
} as const

export type TargetFormat = keyof typeof goodFiles
export const targetFormats = Object.keys(goodFiles) as TargetFormat[]

export interface UploadTarget {
  port: number
  /** Where uploads of a format's contract go. */
  path(format?: TargetFormat): string
  /** The same of another tenant's: of JSON. */
  otherPath: string
  app: ReturnType<typeof testApp>
  /** Sends a good file again and again until it is not told to come later; resolves with the answer. */
  uploadWhenPossible(path?: string, file?: Uint8Array | string): Promise<RawAnswer | null>
  /** Resolves once nothing of any upload is left: no place, no connection, no file. */
  settled(): Promise<void>
  /** How many drift events acme has. */
  events(): Promise<number>
  server: Server
  directory: string
  close(): Promise<void>
}

/** Uploads of up to 2 MiB, one at a time with one token: what is not given back shows with the next one. */
const frugal: UploadOptions = {
  maxBytes: 2 * 1024 * 1024,
  inFlightPerToken: 1,
  budgetBytes: 32 * 1024 * 1024,
  rateLimit: { points: 1_000_000_000 },
}

export async function uploadTarget(
  upload: UploadOptions = {},
  options: Parameters<typeof testApp>[0] = {},
): Promise<UploadTarget> {
  const directory = await mkdtemp(join(tmpdir(), 'drifthook-target-'))
  const app = testApp({ ...options, upload: { directory, ...frugal, ...upload } })
  const { drifthook } = app
  const server = app.app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const paths = new Map<string, string>()
  for (const format of targetFormats) paths.set(format, await monitored(app, acme, format))
  const otherPath = await monitored(app, globex, 'json')
  const path = (format: TargetFormat = 'json') => paths.get(format) ?? ''
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0

  return {
    port,
    path,
    otherPath,
    app,
    server,
    directory,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await drifthook.stop()
      await rm(directory, { recursive: true, force: true })
    },
    async uploadWhenPossible(to = path(), file = goodFiles.json) {
      return until('a good upload is accepted', async () => {
        const answer = await exchange(port, postParts(to, [filePart(file)]))
        return answer?.status === 503 ? undefined : answer
      })
    },
    async settled() {
      await until('no connection is open', async () => ((await connections(server)) === 0 ? true : undefined))
      await until('no file is open', async () =>
        (await openFilesIn(directory)).length === 0 ? true : undefined,
      )
      await until('no file is left', async () => ((await readdir(directory)).length === 0 ? true : undefined))
    },
    async events() {
      const { items, nextCursor } = await drifthook.events.list(acme, { limit: 100 })
      if (nextCursor !== null) throw new Error('more events than are counted here')
      return items.length
    },
  }
}

/** A contract learned from the good file, and the path of a monitor's uploads. */
async function monitored(
  { app, drifthook }: ReturnType<typeof testApp>,
  principal: typeof acme,
  format: TargetFormat,
): Promise<string> {
  const answer = await supertest(app)
    .post('/drift/api/v1/contracts')
    .set('x-api-key', `key-${principal.tenantId}`)
    .field('name', format)
    .attach('file', Buffer.from(goodFiles[format]), 'sample')
  if (answer.status !== 201) throw new Error(`no contract for ${format}: ${answer.text}`)
  const monitor = await drifthook.monitors.create(principal, { name: format, contractId: answer.body.id })
  return `/drift/webhook/${monitor.token}`
}

const connections = (server: Server) =>
  new Promise<number>((resolve, reject) =>
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  )

/** Files this process has open in a folder, also those that have no name any more. Only Linux tells. */
export async function openFilesIn(directory: string): Promise<string[]> {
  const all = await readdir('/proc/self/fd').catch(() => [])
  const links = await Promise.all(all.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return links.filter((link) => link.startsWith(directory))
}

/** How many files and sockets this process has open; 0 where nothing tells. */
export const openDescriptors = async (): Promise<number> =>
  (await readdir('/proc/self/fd').catch(() => [])).length

/** Asks again until there is an answer. The wait has an end only so that a test does. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + 60_000
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > deadline) throw new Error(`never came: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
