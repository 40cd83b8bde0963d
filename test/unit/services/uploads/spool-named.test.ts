/** Where a file that is open cannot be unlinked, as on some file systems of Windows. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { Spool } from '../../../../src/services/uploads/spool.js'

const unlinks = vi.hoisted(() => ({ refused: 0 }))
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>()
  return {
    ...real,
    // The first one comes while the file is open.
    unlink: async (path: string) => {
      if (unlinks.refused++ === 0) throw Object.assign(new Error('busy'), { code: 'EBUSY' })
      await real.unlink(path)
    },
  }
})

it('the spool removes its file when it is released', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'drifthook-test-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const spool = new Spool({ directory, memoryBytes: 10 })
  await spool.write(Buffer.alloc(100, 'a'))
  expect(await spool.finish()).toMatchObject({ size: 100 })
  expect(await readdir(directory)).toHaveLength(1)
  await spool.release()
  await spool.release()
  expect(await readdir(directory)).toEqual([])
  expect(unlinks.refused).toBe(2)
})
