/** The quick start as a newcomer runs it, on the built package: once, again, and through a kill -9. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { receiver } from '../../src/testkit/receiver.js'

const root = join(import.meta.dirname, '../..')

describe('the quick start', () => {
  let folder: string
  const running = new Set<ChildProcessWithoutNullStreams>()

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'drifthook-quickstart-'))
  })
  afterEach(() => {
    for (const child of running) child.kill('SIGKILL')
    running.clear()
    rmSync(folder, { recursive: true, force: true })
  })

  function start(...args: string[]) {
    const env = { ...process.env, QUICKSTART_DATA: folder, PORT: '0', NODE_ENV: 'development' }
    const child = spawn(process.execPath, [join(root, 'examples/quickstart/server.js'), ...args], { env })
    running.add(child)
    let output = ''
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
    const until = (text: RegExp) =>
      new Promise<RegExpMatchArray>((resolve, reject) => {
        const look = () => {
          const match = output.match(text)
          if (match) resolve(match)
        }
        child.stdout.on('data', look)
        child.on('exit', (code) => reject(new Error(`ended with ${code}:\n${output}`)))
        look()
      })
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.on('data', (chunk) => {
      output += chunk
    })
    return { child, ended, until, output: () => output }
  }

  it('prints what drifted and the verified webhook, and finds its data again', async () => {
    const first = start('--once')
    expect([await first.ended, first.output()]).toEqual([0, expect.any(String)])
    expect(first.output()).toContain('orders-clean.json    no drift')
    expect(first.output()).toMatch(/removed +orders\[\]\.customer\.email/)
    expect(first.output()).toMatch(/added +orders\[\]\.customer\.vat_number/)
    expect(first.output()).toMatch(/changed \(type\) +orders\[\]\.lines\[\]\.quantity {2}integer -> string/)
    expect(first.output()).toContain('webhook drift.detected received, signature verified')
    expect(statSync(join(folder, 'keys.json')).mode & 0o777).toBe(0o600)

    const second = start('--once')
    expect([await second.ended, second.output()]).toEqual([0, expect.any(String)])
    expect(second.output()).toContain('found the data of an earlier start')
    expect(second.output()).toContain('webhook check.repeated received, signature verified')
  })

  it('delivers after a kill -9 between upload and delivery', { timeout: 60_000 }, async () => {
    let answer: 'hang' | { status: number } = 'hang'
    const to = await receiver({ respond: () => answer })
    const before = start()
    const [, origin = ''] = await before.until(/(http:\/\/127\.0\.0\.1:\d+)\/drift\/api\/v1\/webhooks/)
    const { apiKey } = JSON.parse(readFileSync(join(folder, 'keys.json'), 'utf8'))
    const { token } = JSON.parse(readFileSync(join(folder, 'demo.json'), 'utf8'))
    const made = await fetch(`${origin}/drift/api/v1/webhooks`, {
      method: 'POST',
      headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
      body: JSON.stringify({ url: to.url('/hook'), events: ['*'] }),
    })
    const { secret } = (await made.json()) as { secret: string }
    const form = new FormData()
    form.append('file', new Blob(['{"partner":7,"orders":[]}']), 'orders.json')
    const uploaded = await fetch(`${origin}/drift/webhook/${token}`, { method: 'POST', body: form })
    const { event_id } = (await uploaded.json()) as { event_id: number }
    // The attempt has begun, and nothing of it is written down yet.
    const lost = await to.next(10_000)
    before.child.kill('SIGKILL')
    await before.ended

    answer = { status: 200 }
    start()
    // The dead process's lease has to end first: an attempt's 10 s and as much again.
    // Its own round is told to this receiver too, so ours is looked for by its bytes.
    let delivered = await to.next(40_000)
    while (!delivered.body.equals(lost.body)) delivered = await to.next(40_000)
    expect(JSON.parse(delivered.body.toString()).data.event_id).toBe(event_id)
    expect(to.verify(secret, delivered)).toEqual({ ok: true })
    await to.close()
  })
})
