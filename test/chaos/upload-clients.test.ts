/** That the clients partners use read why they are refused, also while they are still sending. */
import { execFile, execFileSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acme, contractAndMonitor, orders, testApp } from '../support/app.js'

/** The slowest machine is let be: a client that hangs is killed. */
const patience = 120_000
const run = promisify(execFile)

interface Seen {
  status: number
  body: Record<string, unknown>
}

/** What a client is asked to send: a file, as a form in this field, or raw. */
interface Sending {
  url: string
  file: string
  field: string
}

type Client = (sending: Sending) => Promise<Seen>

/** curl; what it writes is the body and, on a line of its own, the status. */
const curl =
  (how: (sending: Sending) => string[]): Client =>
  async (sending) => {
    const args = ['-sS', '--http1.1', '--noproxy', '*', '-w', '\n%{http_code}', ...how(sending), sending.url]
    const { stdout } = await run('curl', args, { timeout: patience })
    const end = stdout.lastIndexOf('\n')
    return { status: Number(stdout.slice(end)), body: JSON.parse(stdout.slice(0, end)) }
  }

const curlForm = ({ file, field }: Sending) => ['-F', `${field}=@${file};type=application/json`]
const curlRaw = ({ file }: Sending) => ['-H', 'content-type: application/json', '--data-binary', `@${file}`]

/** Python's requests, which pip carries a copy of. */
const importRequests = `
try:
    import requests
except ImportError:
    from pip._vendor import requests
`
const python =
  (call: string): Client =>
  async ({ url, file, field }) => {
    const program = `
import json, sys
${importRequests}
url, path, field = sys.argv[1:]
session = requests.Session()
session.trust_env = False
with open(path, "rb") as f:
    answer = session.post(url, ${call})
print(json.dumps({"status": answer.status_code, "body": answer.json()}))
`
    const { stdout } = await run('python3', ['-c', program, url, file, field], { timeout: patience })
    return JSON.parse(stdout)
  }

const nodeFetch: Client = async ({ url, file, field }) => {
  const form = new FormData()
  form.append(field, new Blob([await readFile(file)], { type: 'application/json' }), 'orders.json')
  const answer = await fetch(url, { method: 'POST', body: form })
  return { status: answer.status, body: (await answer.json()) as Seen['body'] }
}

/** As the package form-data does it: chunked, and of a type that says nothing. */
const nodeStream: Client = ({ url, file, field }) =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'multipart/form-data; boundary=x' }
    const request = httpRequest(url, { method: 'POST', headers, agent: false }, (response) => {
      const { statusCode: status = 0 } = response
      response
        .toArray()
        .then((chunks) => resolve({ status, body: JSON.parse(Buffer.concat(chunks).toString()) }))
        .catch(reject)
    })
    request.on('error', reject)
    async function* body() {
      yield `--x\r\ncontent-disposition: form-data; name="${field}"; filename="orders.json"\r\n`
      yield 'content-type: application/octet-stream\r\n\r\n'
      yield* createReadStream(file)
      yield '\r\n--x--\r\n'
    }
    Readable.from(body()).pipe(request)
  })

/** Why a client cannot be tried here; null if it can. */
function missing(command: string, args: readonly string[]): string | null {
  try {
    execFileSync(command, args, { stdio: 'pipe', timeout: patience })
    return null
  } catch (error) {
    return `${command} ${args.join(' ').trim()}: ${String(error).split('\n')[0]}`
  }
}

const noCurl = missing('curl', ['--version'])
const noRequests = missing('python3', ['-c', importRequests])

// Without being told curl asks first, with Expect: 100-continue, where the body is large.
const clients: readonly { name: string; client: Client; form: boolean; without: string | null }[] = [
  { name: 'curl -F', client: curl(curlForm), form: true, without: noCurl },
  {
    name: 'curl -F without Expect',
    client: curl((sending) => ['-H', 'Expect:', ...curlForm(sending)]),
    form: true,
    without: noCurl,
  },
  {
    name: 'curl -F, chunked',
    client: curl((sending) => ['-H', 'Transfer-Encoding: chunked', ...curlForm(sending)]),
    form: true,
    without: noCurl,
  },
  { name: 'curl --data-binary', client: curl(curlRaw), form: false, without: noCurl },
  {
    name: 'curl --data-binary without Expect',
    client: curl((sending) => ['-H', 'Expect:', ...curlRaw(sending)]),
    form: false,
    without: noCurl,
  },
  {
    name: 'requests, files',
    client: python('files={field: ("orders.json", f, "application/json")}'),
    form: true,
    without: noRequests,
  },
  {
    name: 'requests, data',
    client: python('data=f, headers={"content-type": "application/json"}'),
    form: false,
    without: noRequests,
  },
  {
    name: 'requests, data from a generator',
    client: python('data=iter(lambda: f.read(65536), b""), headers={"content-type": "application/json"}'),
    form: false,
    without: noRequests,
  },
  { name: 'fetch with FormData', client: nodeFetch, form: true, without: null },
  { name: 'http.request with a stream', client: nodeStream, form: true, without: null },
]

const ends: (() => unknown)[] = []
afterAll(async () => {
  for (const end of ends) await end()
})

/** A server with a monitor, and its upload URL. */
async function serve(options: Parameters<typeof testApp>[0]) {
  const { app, drifthook } = testApp(options)
  const { monitor, contract, path } = await contractAndMonitor({ drifthook })
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  ends.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { drifthook, monitor, contract, origin, url: origin + path }
}

const mebibyte = 1024 * 1024
const manyTries = { rateLimit: { points: 1_000_000 }, budgetBytes: 1024 * mebibyte }

async function scene() {
  const folder = await mkdtemp(join(tmpdir(), 'drifthook-clients-'))
  ends.push(() => rm(folder, { recursive: true }))
  const file = async (name: string, content: string | Buffer) => {
    const path = join(folder, name)
    await writeFile(path, content)
    return path
  }
  const open = await serve({ upload: manyTries })
  const closed = await open.drifthook.monitors.create(acme, { name: 'Off', contractId: open.contract.id })
  await open.drifthook.monitors.update(acme, closed.id, { active: false })
  const limited = await serve({ upload: { rateLimit: { points: 1, durationMs: 3_600_000 } } })
  const used = await fetch(limited.url, { method: 'POST' })
  expect(used.status).toBe(400)
  return {
    urls: {
      good: open.url,
      unknown: `${open.origin}/drift/webhook/nobody-has-this-token`,
      inactive: `${open.origin}/drift/webhook/${closed.token}`,
      limited: limited.url,
    },
    files: {
      good: await file('orders.json', orders()),
      large: await file('large.json', orders() + ' '.repeat(25 * mebibyte)),
      tooLarge: await file('too-large.json', orders() + ' '.repeat(61 * mebibyte)),
      archive: await file(
        'archive.json',
        Buffer.concat([Buffer.from('504b0304', 'hex'), Buffer.alloc(25 * mebibyte, 1)]),
      ),
    },
  }
}

type Scene = Awaited<ReturnType<typeof scene>>

const refusals: readonly {
  what: string
  url: keyof Scene['urls']
  file: keyof Scene['files']
  field?: string
  status: number
  code: RegExp
}[] = [
  { what: 'an unknown token', url: 'unknown', file: 'tooLarge', status: 404, code: /^TOKEN_UNKNOWN$/ },
  { what: 'an inactive monitor', url: 'inactive', file: 'tooLarge', status: 403, code: /^MONITOR_INACTIVE$/ },
  { what: 'the rate', url: 'limited', file: 'tooLarge', status: 429, code: /^RATE_LIMITED$/ },
  { what: 'the size', url: 'good', file: 'tooLarge', status: 400, code: /^FILE_TOO_LARGE$/ },
  {
    what: 'the field',
    url: 'good',
    file: 'large',
    field: 'document',
    status: 400,
    code: /^FILE_FIELD_WRONG$/,
  },
  { what: 'an archive', url: 'good', file: 'archive', status: 400, code: /^FILE_(ARCHIVE|SUSPICIOUS)$/ },
]

let made: Scene
beforeAll(async () => {
  made = await scene()
}, patience)

describe.each(clients)('$name', ({ client, form, without }) => {
  if (without !== null) console.log(`skipped: ${without}`)

  it.skipIf(without !== null)(
    'sends a good file, small and large, and reads what was found',
    async () => {
      for (const file of [made.files.good, made.files.large]) {
        const seen = await client({ url: made.urls.good, file, field: 'file' })
        expect(seen).toMatchObject({ status: 200, body: { success: true, has_drift: false } })
      }
    },
    patience,
  )

  it.skipIf(without !== null).each(refusals.filter(({ field }) => form || field === undefined))(
    'reads that it is refused for $what',
    async ({ url, file, field = 'file', status, code }) => {
      const seen = await client({ url: made.urls[url], file: made.files[file], field })
      expect(seen).toMatchObject({ status, body: { success: false, code: expect.stringMatching(code) } })
    },
    patience,
  )
})
