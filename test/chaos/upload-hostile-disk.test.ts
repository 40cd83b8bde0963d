/** The folder for incoming files is gone or full: large files are told to come again, small ones never notice. */
import { mkdir, open, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { exchange, filePart, postParts } from '../support/raw-http.js'
import { goodFiles, type UploadTarget, uploadTarget } from '../support/upload-target.js'
import { expectNothingTold } from './hostile/replay.js'

let target: UploadTarget
beforeEach(async () => {
  target = await uploadTarget()
})
afterEach(async () => {
  vi.restoreAllMocks()
  await target.close()
})

const large = goodFiles.csv + '3,KX-3,3.5\n'.repeat(50_000)
const send = (format: 'json' | 'csv', file: string) =>
  exchange(target.port, postParts(target.path(format), [filePart(file)]))

async function expectUnavailable(): Promise<void> {
  const answer = await send('csv', large)
  expect(answer?.status).toBe(503)
  expect(JSON.parse(answer?.body ?? '')).toMatchObject({ success: false, code: 'SPOOL_UNAVAILABLE' })
  expect(Number(answer?.headers['retry-after'])).toBeGreaterThan(0)
  expectNothingTold(answer?.body ?? '')
  expect(await target.events()).toBe(0)
}

it('a folder that is gone, or is none, and is there again', { timeout: 60_000 }, async () => {
  const { directory } = target
  await rm(directory, { recursive: true })
  await expectUnavailable()
  expect((await send('json', goodFiles.json))?.status).toBe(200)
  await writeFile(directory, 'no folder')
  expect((await send('csv', large))?.status).toBe(503)
  expect((await send('json', goodFiles.json))?.status).toBe(200)
  await rm(directory)
  await mkdir(directory)
  expect((await send('csv', large))?.status).toBe(200)
  await target.settled()
})

it('a disk that is full, and has room again', { timeout: 60_000 }, async () => {
  const some = await open(join(target.directory, 'some'), 'w')
  const handles = Object.getPrototypeOf(some)
  await some.close()
  await rm(join(target.directory, 'some'))
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  const written = vi.spyOn(handles, 'write').mockRejectedValue(full)
  await expectUnavailable()
  expect((await send('json', goodFiles.json))?.status).toBe(200)
  expect(written).toHaveBeenCalled()
  await target.settled()
  written.mockRestore()
  expect((await send('csv', large))?.status).toBe(200)
  await target.settled()
})
