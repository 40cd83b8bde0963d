/** One tenant's uploads, however slow and however many, never keep another's from being answered. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { globex } from '../support/app.js'
import { type Gate, gate, gatedFormat, gatedMonitor } from '../support/gate.js'
import { answerOn, connected, exchange, filePart, postParts, type RawAnswer } from '../support/raw-http.js'
import { goodFiles, openFilesIn, type UploadTarget, until, uploadTarget } from '../support/upload-target.js'

const codeOf = (answer: RawAnswer | null) => JSON.parse(answer?.body ?? '{}').code

describe.runIf(process.platform === 'linux')('slow senders', () => {
  const slowFile = postParts('PATH', [filePart(`{"orders":"${'x'.repeat(400_000)}"}`)])

  /** An upload that has sent enough to be on the disk, and no more of it. */
  async function slow({ port }: UploadTarget, path: string) {
    const request = Buffer.from(slowFile.toString('latin1').replace('PATH', path), 'latin1')
    const socket = await connected(port)
    const answer = answerOn(socket)
    socket.write(request.subarray(0, 350_000))
    return { answer, finish: () => socket.write(request.subarray(350_000)), end: () => socket.destroy() }
  }
  const onDisk = (target: UploadTarget, count: number) =>
    until(`${count} uploads are on their way`, async () =>
      (await openFilesIn(target.directory)).length === count ? true : undefined,
    )

  it('hold the places of their own token, and of no other', async () => {
    const target = await uploadTarget({ inFlightPerToken: 4 })
    try {
      const held = await Promise.all(Array.from({ length: 4 }, () => slow(target, target.path())))
      await onDisk(target, 4)
      const good = filePart(goodFiles.json)
      expect(codeOf(await exchange(target.port, postParts(target.path(), [good])))).toBe('UPLOADS_BUSY')
      // Another token of the same tenant, and another tenant: answered every time, while the four are held.
      for (let n = 0; n < 10; n++) {
        const own = await exchange(target.port, postParts(target.path('csv'), [filePart(goodFiles.csv)]))
        const others = await exchange(target.port, postParts(target.otherPath, [good]))
        expect([own?.status, others?.status]).toEqual([200, 200])
      }
      expect((await openFilesIn(target.directory)).length).toBe(4)
      for (const { finish } of held) finish()
      for (const { answer } of held) expect((await answer)?.status).toBe(200)
      for (const { end } of held) end()
      await target.settled()
    } finally {
      await target.close()
    }
  })

  it('fill the share of their own tenant, and of no other', async () => {
    // A share is 2 MiB: six files of which 350,000 bytes have come are more, so one of them is refused.
    const target = await uploadTarget({ inFlightPerToken: 100, budgetBytes: 8 * 1024 * 1024 })
    try {
      const paths = [...Array.from({ length: 5 }, () => target.path()), target.path('csv')]
      const held = await Promise.all(paths.map((path) => slow(target, path)))
      expect(codeOf(await Promise.race(held.map(({ answer }) => answer)))).toBe('UPLOADS_BUSY')
      await onDisk(target, 5)
      const large = filePart(`{"orders":[],"more":"${'x'.repeat(1_500_000)}"}`)
      for (let n = 0; n < 5; n++) {
        const answer = await exchange(target.port, postParts(target.otherPath, [large]))
        expect(answer?.status).toBe(200)
      }
      for (const { end } of held) end()
      await target.settled()
      const again = await target.uploadWhenPossible(target.path(), large.body)
      expect(again?.status).toBe(200)
    } finally {
      await target.close()
    }
  })
})

describe('many files', () => {
  /** So many files of one tenant may wait for a thread. */
  const share = 6
  let target: UploadTarget
  let door: Gate
  beforeEach(async () => {
    target = await uploadTarget(
      { inFlightPerToken: 100 },
      { formats: [gatedFormat], analysis: { threads: 1, queue: 4 * share } },
    )
    door = await gate()
  })
  afterEach(async () => {
    await door.open()
    await target.close()
    await door.close()
  })

  it.each([0, 400_000])('of one tenant let those of another take turns (%i bytes)', async (bytes) => {
    const [path, otherPath] = [await gatedMonitor(target.app), await gatedMonitor(target.app, globex)]
    const send = (to: string, name: string) =>
      exchange(target.port, postParts(to, [filePart(door.file(name, bytes))]))
    /** One more than may wait: once that one is refused, the others do. */
    const queue = async (to: string, whose: string) => {
      const sent = Array.from({ length: share + 1 }, (_, n) => send(to, `${whose} ${n}`))
      expect(codeOf(await Promise.race(sent))).toBe('UPLOADS_BUSY')
      return sent
    }
    const underWay = send(path, 'acme first')
    await door.hasBegun(1)
    const sent = [...(await queue(path, 'acme')), ...(await queue(otherPath, 'globex'))]
    await door.open()
    const statuses = await Promise.all([underWay, ...sent].map(async (answer) => (await answer)?.status))
    expect(statuses.filter((status) => status === 503)).toHaveLength(2)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1 + 2 * share)
    const [first, ...order] = (await door.begun()).map((name) => name.split(' ')[0])
    expect([first, ...order]).toEqual([
      'acme',
      ...Array.from({ length: share }, () => ['acme', 'globex']).flat(),
    ])
  })
})
