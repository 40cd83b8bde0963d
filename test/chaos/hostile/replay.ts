/** Sends an attack, and looks at the answer and at what is left of it. */
import { tmpdir } from 'node:os'
import { expect } from 'vitest'
import { connected, exchange, type RawAnswer } from '../../support/raw-http.js'
import { goodFiles, type UploadTarget } from '../../support/upload-target.js'
import type { Attack, Expected, Places } from './attack.js'

const placesOf = ({ path }: UploadTarget): Places => ({
  upload: path,
  api: '/drift/api/v1',
  apiKey: { 'x-api-key': 'key-acme' },
})

/** Sends it as often as it says, and expects the right answer each time. */
export async function attack(target: UploadTarget, what: Attack): Promise<void> {
  const bytes = what.request(placesOf(target))
  // Whoever guesses tokens is told to wait: each attack is another day's.
  await target.app.clock.advance(24 * 3_600_000)
  for (let n = 0; n < (what.times ?? 1); n++) {
    const answer =
      what.after === 'cut'
        ? await cut(target.port, bytes)
        : await unlessBusy(() => exchange(target.port, bytes, { end: what.after === 'end' }))
    expectAnswer(answer, what.expected)
  }
  expect(errorsIn(target)).toEqual([])
}

/** What the host is told of as a fault. */
const errorsIn = ({ app }: UploadTarget) => app.logger.lines.filter(({ level }) => level === 'error')

/** Those who did nothing wrong: their uploads are taken as ever, and nothing of the attack is left. */
export async function bystander(target: UploadTarget): Promise<void> {
  expectPass(await target.uploadWhenPossible())
  await target.settled()
}

/** The same for a file that is analysed in a thread. */
export async function largeBystander(target: UploadTarget): Promise<void> {
  const file = goodFiles.csv + '3,KX-3,3.5\n'.repeat(30_000)
  expectPass(await target.uploadWhenPossible(target.path('csv'), file))
  await target.settled()
}

function expectPass(answer: RawAnswer | null): void {
  expect(answer?.status).toBe(200)
  expect(JSON.parse(answer?.body ?? '')).toMatchObject({ success: true, has_drift: false })
}

/** The token's one place is given back a moment after a connection was cut: that moment is waited for. */
async function unlessBusy(send: () => Promise<RawAnswer | null>): Promise<RawAnswer | null> {
  for (let tries = 0; ; tries++) {
    const answer = await send()
    if (answer?.status !== 503 || tries === 1_000) return answer
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function cut(port: number, bytes: Buffer): Promise<null> {
  const socket = await connected(port)
  await new Promise((resolve) => socket.write(bytes, resolve))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.resetAndDestroy()
  await closed
  return null
}

/** The answer of a file that is refused tells what is wrong, and nothing about us. */
export function expectAnswer(answer: RawAnswer | null, expected: Expected): void {
  if (expected === 'not HTTP') {
    // Node answers with a bare status or not at all.
    expect([null, 400, 408, 413, 431, 501]).toContain(answer?.status ?? null)
    return
  }
  expect(answer).not.toBeNull()
  const body = JSON.parse(answer?.body ?? '')
  expectNothingTold(answer?.body ?? '')
  if (expected === 'compared') {
    expect([answer?.status, body.success, body.code]).toEqual([200, true, undefined])
    return
  }
  expect(body.code).toBe(expected.code)
  expect(answer?.status).toBe(body.status)
  expect(answer?.status).toBeLessThan(500)
  expect(answer?.headers['content-type']).toMatch(/^application\/problem\+json/)
  if (expected.place !== undefined) expect(body.place).toMatchObject(expected.place)
  if (expected.limit !== undefined) expect(body.limit.name).toBe(expected.limit)
}

/** No stack, no path of this machine, no name of a package. */
export function expectNothingTold(text: string): void {
  expect(text).not.toMatch(/\n {4}at |node_modules|node:internal|busboy|multer/i)
  expect(text).not.toContain(process.cwd())
  expect(text).not.toContain(tmpdir())
}
