/** The senders in the upload guide, run as they stand: told to come later, they do. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { acme, contractAndMonitor, orders, testApp, upload } from '../support/app.js'

const root = join(import.meta.dirname, '../..')
const guide = readFileSync(join(root, 'docs/guides/uploads.md'), 'utf8')
const code = (title: string) =>
  /^```\w+\n(.*?)^```/ms.exec(guide.split(/^#+ /m).find((text) => text.startsWith(title)) ?? '')?.[1] ?? ''
const scratch = join(root, 'test/.tmp/upload-guide')
const missing = (command: string) => spawnSync('sh', ['-c', `command -v ${command}`]).status !== 0

/** A server that takes one upload in two seconds, and has taken it when the first request of a sender comes. */
async function scene() {
  let tries = 0
  const app = testApp({ upload: { rateLimit: { points: 1, durationMs: 2_000 } } }, (host) => {
    host.use('/drift/webhook', (request, _response, next) => {
      if (request.get('x-filler') !== undefined) return next()
      if (tries++ > 0) return next()
      void upload(host, `/drift/webhook${request.url}`, orders())
        .set('x-filler', '1')
        .then(() => next())
    })
  })
  const { path } = await contractAndMonitor(app)
  const server = app.app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}${path}`,
    tries: () => tries,
    fileNames: async () => {
      const { items } = await app.drifthook.events.list(acme, {})
      return items.map(({ fileName }) => fileName)
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await app.drifthook.stop()
    },
  }
}

function run(command: string, parts: string[], env: Record<string, string>) {
  const child = spawn(command, parts, { env: { ...process.env, ...env } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  return new Promise<{ status: number | null; output: string }>((resolve) =>
    child.on('exit', (status) => resolve({ status, output })),
  )
}

const senders: [string, boolean, () => [string, string[]]][] = [
  ['curl', missing('curl') || missing('openssl'), () => ['sh', ['-c', code('In a shell')]]],
  [
    'Python',
    missing('python3'),
    () => [
      'python3',
      ['-c', `${code('In Python')}\nprint(json.dumps(upload(os.environ['UPLOAD_URL'], os.environ['FILE'])))`],
    ],
  ],
  [
    'Node',
    false,
    () => {
      const text = `${code('In Node')}\nconsole.log(JSON.stringify(await upload(process.env.UPLOAD_URL, process.env.FILE)))`
      const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
      writeFileSync(join(scratch, 'node.mjs'), ts.transpileModule(text, { compilerOptions }).outputText)
      return [process.execPath, [join(scratch, 'node.mjs')]]
    },
  ],
]

describe.each(senders)('%s', (_name, isMissing, command) => {
  let there: Awaited<ReturnType<typeof scene>>
  mkdirSync(scratch, { recursive: true })
  beforeEach(async () => {
    there = await scene()
  })
  afterEach(() => there.close())
  afterAll(() => rmSync(join(scratch, 'node.mjs'), { force: true }))

  const send = (name: string, content: string) => {
    const file = join(scratch, name)
    writeFileSync(file, content)
    return run(...command(), { UPLOAD_URL: there.url, FILE: file })
  }

  it.skipIf(isMissing)('comes again after a 429, and is answered', { timeout: 60_000 }, async () => {
    const { status, output } = await send('Käse-日本.json', orders())
    expect(output).toMatch(/"success": ?true/)
    expect(status).toBe(0)
    expect(there.tries()).toBeGreaterThan(1)
    expect(await there.fileNames()).toContain('Käse-日本.json')
  })

  it.skipIf(isMissing)('does not come again with a file that is refused', { timeout: 60_000 }, async () => {
    const { status, output } = await send('empty.json', '')
    expect(output).toContain('FILE_EMPTY')
    expect(status).not.toBe(0)
    // Once when its turn had not come, and once more.
    expect(there.tries()).toBe(2)
  })
})
