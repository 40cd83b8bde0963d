/** A file that has come in is let go of exactly once, whatever becomes of its upload. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { noWishes, type UploadWishes } from '../../src/services/uploads/receive.js'
import { orders } from '../support/app.js'
import { drifted, type UploadScene, uploadScene } from '../support/uploads.js'

const broken = '{"orders": [}'

/** Files as an upload brings them, each of which counts how often it was let go of. */
function countedFiles(contents: readonly string[]) {
  const released = contents.map(() => 0)
  const files = contents.map((text, n) => ({
    content: Buffer.from(text),
    size: text.length,
    sha256: createHash('sha256').update(text).digest('hex'),
    hmac: null,
    fileName: `${n}.json`,
    contentType: null,
    release: async () => {
      released[n] = (released[n] ?? 0) + 1
    },
  }))
  return { files, released }
}

async function receive(scene: UploadScene, contents: readonly string[], asked: Partial<UploadWishes> = {}) {
  const { drifthook, monitor } = scene
  const admission = await drifthook.uploads.admit({ token: monitor.token, address: null, signature: null })
  const { files, released } = countedFiles(contents)
  const outcome = await admission
    .receive(files, { ...noWishes, ...asked })
    .catch((error: Error) => error.message)
  admission.leave()
  await drifthook.uploads.settled(20_000)
  return { outcome, released }
}

/** Has the n-th event from now on get no number. */
function failingAt({ storage }: UploadScene, n: number) {
  const nextIds = storage.nextIds.bind(storage)
  let asked = 0
  storage.nextIds = async (counter, count) => {
    if (++asked === n) throw new Error('no number')
    return nextIds(counter, count)
  }
}

describe.each([
  ['at once', {}],
  ['dry', { dryRun: true }],
  ['afterwards', { later: true }],
  ['under a key', { idempotencyKey: 'k' }],
])('a file compared %s is let go of once', (_, asked) => {
  it.each([
    ['it drifted', drifted],
    ['it is broken', broken],
  ])('when %s, and when it comes again', async (_what, content) => {
    const scene = await uploadScene()
    for (let time = 0; time < 2; time++)
      expect((await receive(scene, [content], asked)).released).toEqual([1])
  })
})

describe.each([
  ['at once', {}],
  ['afterwards', { later: true }],
])('where something of ours breaks, a file compared %s', (_, asked) => {
  it('is let go of once', async () => {
    const scene = await uploadScene()
    failingAt(scene, 1)
    expect(await receive(scene, [orders()], asked)).toEqual({ outcome: 'no number', released: [1] })
  })

  it('is let go of once, with those before it and those behind', async () => {
    const scene = await uploadScene()
    failingAt(scene, 2)
    const contents = [orders(), drifted, orders()]
    expect(await receive(scene, contents, asked)).toEqual({ outcome: 'no number', released: [1, 1, 1] })
  })
})

it('a file compared afterwards under a key that is known is let go of once', async () => {
  const scene = await uploadScene()
  const asked = { later: true, idempotencyKey: 'k' }
  for (let time = 0; time < 2; time++) expect((await receive(scene, [drifted], asked)).released).toEqual([1])
  const { outcome, released } = await receive(scene, [orders()], asked)
  expect([outcome, released]).toEqual([expect.stringContaining('idempotency key'), [1]])
})

it('a file whose outcome cannot be written down is let go of once', async () => {
  const scene = await uploadScene()
  const commit = scene.storage.commit.bind(scene.storage)
  scene.storage.commit = async (writes) => {
    if (writes.some(({ table }) => table === 'driftReports')) throw new Error('broken')
    return commit(writes)
  }
  expect((await receive(scene, [drifted], { later: true })).released).toEqual([1])
  expect(scene.logger.lines.map(({ message }) => message)).toContain(
    'a file was not compared afterwards: its event becomes INTERRUPTED',
  )
})
