/** Processes that are killed while they take a file in, or have no room for it. */
import { chmod, mkdir, readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { bundle, start } from '../conformance/child.js'
import { temporaryDirectory } from '../conformance/harnesses.js'
import { tellsOpenFiles } from '../support/open-files.js'

let home: Awaited<ReturnType<typeof temporaryDirectory>>
let child: string
let folders = 0

beforeAll(async () => {
  home = await temporaryDirectory()
  child = await bundle('../chaos/spool-child.ts', home.path)
}, 60_000)
afterAll(() => home.remove())

async function folder(): Promise<string> {
  const path = join(await realpath(home.path), `spool${folders++}`)
  await mkdir(path)
  onTestFinished(() => chmod(path, 0o700))
  return path
}

const refused = {
  status: 503,
  code: 'SPOOL_UNAVAILABLE',
  retryAfter: expect.stringMatching(/^\d+$/),
  detail: expect.not.stringContaining('spool'),
}

describe.runIf(tellsOpenFiles)('a process that takes a file in', () => {
  it('leaves nothing behind when it is killed', async () => {
    const directory = await folder()
    const { process: keeping, lines, ended } = start([process.execPath, child, 'keep', directory])
    onTestFinished(() => {
      keeping.kill('SIGKILL')
    })
    await vi.waitFor(() => expect(lines).toHaveLength(1), { timeout: 30_000 })
    // It has the file open, and the file has no name any more.
    expect(JSON.parse(lines[0]!)).toEqual([expect.stringMatching(/ \(deleted\)$/)])
    keeping.kill('SIGKILL')
    expect(await ended).toMatchObject({ signal: 'SIGKILL' })
    expect(await readdir(directory)).toEqual([])
  })

  it.each([
    // A limit of the process is what a full disk is, to it. In blocks of 512 or 1,024 bytes, as the shell has it.
    ['the disk is full', 'ulimit -f 1000 && exec "$0" "$@"', 'serve'],
    ['its folder cannot be written', 'exec "$0" "$@"', 'serve-unwritable'],
  ])('answers 503 where %s, and goes on', async (_what, shell, what) => {
    const directory = await folder()
    const run = start(['/bin/sh', '-c', shell, process.execPath, child, what, directory])
    const { code, signal, lines, errors } = await run.ended
    expect({ code, signal, errors }).toMatchObject({ code: 0, signal: null })
    const [small, large, next, files] = lines.map((line) => JSON.parse(line))
    expect(small).toMatchObject({ status: 200 })
    expect(large).toEqual(refused)
    expect(next).toMatchObject({ status: 200 })
    expect(files).toEqual([])
    expect(await readdir(directory)).toEqual([])
  })
})
