import { fstatSync, readSync } from 'node:fs'
import { mkdtemp, open, readdir, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Content, OpenFile } from '../../../../src/ports/analyzer.js'
import { Spool } from '../../../../src/services/uploads/spool.js'
import { openFiles, tellsOpenFiles } from '../../../support/open-files.js'

const memoryBytes = 1_000

async function folder(): Promise<string> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'drifthook-test-')))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

const bytes = (length: number) => Buffer.from(Array.from({ length }, (_, n) => n % 251))

function contentOf(content: Content): Buffer {
  if (content instanceof Uint8Array) return Buffer.from(content)
  const read = Buffer.alloc(content.size + 1)
  const length = readSync(content.fd, read, 0, read.byteLength, 0)
  return read.subarray(0, length)
}

/** Spools a file of such a length in chunks of such lengths. */
async function spooled(length: number, chunk: number, directory: string) {
  const spool = new Spool({ directory, memoryBytes })
  for (let start = 0; start < length; start += chunk) {
    const piece = Buffer.from(bytes(length).subarray(start, start + chunk))
    await spool.write(piece)
    // What was given is the caller's again.
    piece.fill(0)
  }
  return { spool, content: await spool.finish() }
}

describe('the spool', () => {
  it.each([
    [0, 1],
    [1, 1],
    [999, 10],
    [1_000, 1_000],
    [1_000, 7],
  ])('keeps %i bytes in chunks of %i in memory', async (length, chunk) => {
    const directory = await folder()
    const { spool, content } = await spooled(length, chunk, directory)
    expect(content).toBeInstanceOf(Uint8Array)
    expect(contentOf(content).equals(bytes(length))).toBe(true)
    // Nothing else goes along to another thread.
    expect((content as Uint8Array).buffer.byteLength).toBe(length)
    expect(await readdir(directory)).toEqual([])
    await spool.release()
  })

  it.each([
    [1_001, 1_001],
    [1_001, 1],
    [1_001, 1_000],
    [2_000, 500],
    [50_000, 333],
    [50_000, 5_000],
  ])('keeps %i bytes in chunks of %i in a file without a name', async (length, chunk) => {
    const directory = await folder()
    const { spool, content } = await spooled(length, chunk, directory)
    const { fd, size } = content as OpenFile
    expect(size).toBe(length)
    expect(contentOf(content).equals(bytes(length))).toBe(true)
    expect(await readdir(directory)).toEqual([])
    const { mode, nlink } = fstatSync(fd)
    expect(nlink).toBe(0)
    if (process.platform !== 'win32') expect(mode & 0o777).toBe(0o600)
    await spool.release()
    expect(() => fstatSync(fd)).toThrow('EBADF')
  })

  it('uses the system’s folder where none is named', async () => {
    const spool = new Spool({ directory: null, memoryBytes })
    await spool.write(bytes(2_000))
    expect(await spool.finish()).toMatchObject({ size: 2_000 })
    await spool.release()
  })

  it('goes on when its folder is removed', async () => {
    const directory = await folder()
    const spool = new Spool({ directory, memoryBytes })
    await spool.write(bytes(2_000))
    await rm(directory, { recursive: true })
    await spool.write(bytes(2_000))
    expect(await spool.finish()).toMatchObject({ size: 4_000 })
    await spool.release()
  })

  it.each([
    ['is not there', async (directory: string) => join(directory, 'nowhere')],
    [
      'vanished',
      async (directory: string) => {
        await rm(directory, { recursive: true })
        return directory
      },
    ],
    [
      'is a file',
      async (directory: string) => {
        await writeFile(join(directory, 'file'), '')
        return join(directory, 'file')
      },
    ],
  ])('says so when its folder %s, and not where it is', async (_what, makeOf) => {
    const directory = await makeOf(await folder())
    const spool = new Spool({ directory, memoryBytes })
    await spool.write(bytes(1_000))
    const error = await spool.write(bytes(1)).catch((fault: unknown) => fault)
    expect(error).toMatchObject({
      code: 'SPOOL_UNAVAILABLE',
      status: 503,
      retryAfterSeconds: expect.any(Number),
      cause: { code: expect.stringMatching(/^E/) },
    })
    expect((error as Error).message).not.toContain('drifthook-')
    expect((error as Error).message).not.toContain(directory)
    await spool.release()
    // A small file needs no folder.
    const small = new Spool({ directory, memoryBytes })
    await small.write(bytes(1_000))
    expect(contentOf(await small.finish()).equals(bytes(1_000))).toBe(true)
  })

  describe.runIf(tellsOpenFiles)('leaves no file open', () => {
    it.each<[string, (spool: Spool) => Promise<unknown>, number]>([
      ['before anything was written', async () => {}, 0],
      ['in memory', (spool) => spool.write(bytes(10)), 0],
      ['on disk', (spool) => spool.write(bytes(3_000)), 1],
      [
        'when it is finished',
        async (spool) => {
          await spool.write(bytes(3_000))
          await spool.finish()
        },
        1,
      ],
    ])('released %s, once or often', async (_when, bring, files) => {
      const directory = await folder()
      const spool = new Spool({ directory, memoryBytes })
      await bring(spool)
      expect(await openFiles(directory)).toHaveLength(files)
      await Promise.all([spool.release(), spool.release()])
      await spool.release()
      expect(await openFiles(directory)).toEqual([])
      expect(await readdir(directory)).toEqual([])
    })

    it('released while it is opened, or while a write is under way', async () => {
      const directory = await folder()
      for (const before of [0, 3_000]) {
        const spool = new Spool({ directory, memoryBytes })
        if (before > 0) await spool.write(bytes(before))
        const writing = spool.write(bytes(5_000_000))
        const releasing = spool.release()
        await Promise.all([writing, releasing])
        expect(await openFiles(directory)).toEqual([])
        // Nor is one opened afterwards.
        await spool.write(bytes(5_000))
        expect(await openFiles(directory)).toEqual([])
      }
      expect(await readdir(directory)).toEqual([])
    })

    it('released after its folder refused it', async () => {
      const directory = await folder()
      const spool = new Spool({ directory: join(directory, 'nowhere'), memoryBytes })
      await expect(spool.write(bytes(3_000))).rejects.toMatchObject({ code: 'SPOOL_UNAVAILABLE' })
      await spool.release()
      expect(await openFiles(directory)).toEqual([])
    })
  })

  it('closes its file once: the number may be another file’s by then', async () => {
    const directory = await folder()
    const { spool, content } = await spooled(3_000, 3_000, directory)
    await spool.release()
    const others = await Promise.all(
      Array.from({ length: 5 }, (_, n) => open(join(directory, `other${n}`), 'w')),
    )
    await spool.release()
    for (const other of others) {
      expect(fstatSync(other.fd).size).toBe(0)
      await other.close()
    }
    expect((content as OpenFile).fd).toBeGreaterThan(2)
  })
})
