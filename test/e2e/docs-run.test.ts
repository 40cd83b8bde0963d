/** The README's example and the testing guide's run as they stand, on the built package. */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
// Inside the project, so that the examples find the package by its own name.
const scratch = join(root, 'test/.tmp/run')

function write(name: string, page: string, fence: RegExp): string {
  const code = readFileSync(join(root, page), 'utf8').match(fence)?.[1] ?? ''
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
  mkdirSync(scratch, { recursive: true })
  const file = join(scratch, name)
  writeFileSync(file, ts.transpileModule(code, { compilerOptions }).outputText)
  return file
}

function run(file: string, env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [file], { env: { ...process.env, NODE_ENV: 'test', ...env } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  return { child, ended, output: () => output }
}

describe('examples of the documentation', () => {
  afterAll(() => rmSync(scratch, { recursive: true, force: true }))

  it('README: the mounted app takes a contract, a monitor and an upload', async () => {
    const port = await freePort()
    const { child, output } = run(write('readme.mjs', 'README.md', /```js\n(.*?)```/s), {
      PORT: String(port),
      API_KEY: 'k',
    })
    try {
      const call = async (path: string, body: object) => {
        const response = await fetch(`http://127.0.0.1:${port}/drift${path}`, {
          method: 'POST',
          headers: { 'x-api-key': 'k', 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
        return { status: response.status, body: (await response.json()) as Record<string, string> }
      }
      const contract = await eventually(
        () => call('/api/v1/contracts', { name: 'orders', sample: { id: 1 } }),
        output,
      )
      expect(contract.status).toBe(201)
      const monitor = await call('/api/v1/monitors', { name: 'Kestrel', contract_id: contract.body.id })
      const upload = await call(`/webhook/${monitor.body.token}`, { id: 'one' })
      expect(upload.body).toMatchObject({ success: true, has_drift: true })
    } finally {
      child.kill()
    }
  })

  it('guide: testing your app', async () => {
    const { ended, output } = run(write('testing.mjs', 'docs/guides/testing.md', /```ts\n(.*?)```/s))
    expect([await ended, output()]).toEqual([0, ''])
  })
})

/** One that nobody listens on right now. */
const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

/** The server needs a moment to listen. */
async function eventually<T>(work: () => Promise<T>, output: () => string): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries === 100) throw new Error(`no answer: ${output()}`, { cause: error })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
