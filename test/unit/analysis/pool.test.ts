/** The analyzer with its real threads: what is read where, and what becomes of it when it is closed. */
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { analysisPool } from '../../../src/analysis/pool.js'
import type { DrifthookError } from '../../../src/errors.js'
import type { Content, Measure } from '../../../src/ports/analyzer.js'
import { systemClock } from '../../../src/ports/clock.js'

const misbehaving = pathToFileURL(join(import.meta.dirname, '../../e2e/fixtures/misbehaving.mjs')).href
const key = new Uint8Array(32).fill(7)
const tenantId = 'acme'

function analyzer(options: { formats?: string[]; queue?: number; timeoutMs?: number } = {}) {
  const pool = analysisPool({
    workerFile: null,
    threads: 1,
    queue: 100,
    timeoutMs: 60_000,
    memoryMb: 512,
    formats: [],
    clock: systemClock,
    onError: () => {},
    ...options,
  })
  onTestFinished(() => pool.close(0))
  return pool
}

const rows = (count: number, change = (row: object) => row) =>
  Buffer.from(
    JSON.stringify(
      Array.from({ length: count }, (_, n) => change({ id: n, sku: `KX-${1000 + (n % 9000)}` })),
    ),
  )

const deed = (what: string) => Buffer.from(`BAD1\n${what}\n`)

/** A contract of {@link rows}, or of what else is given, and how often its schema was asked for. */
async function measureFor(pool: ReturnType<typeof analyzer>, sample: Uint8Array = rows(30)) {
  const { schema, format } = await pool.infer([{ bytes: sample }], { key, tenantId })
  const asked = { times: 0 }
  const measure: Measure = {
    schemaId: 'orders:1',
    schema: async () => {
      asked.times++
      return schema
    },
    policy: {},
    format,
    key,
  }
  return { measure, asked }
}

/** An open file of the bytes; closed and gone with the test. */
async function openFile(bytes: Uint8Array) {
  const folder = await mkdtemp(join(tmpdir(), 'drifthook-'))
  const path = join(folder, 'file')
  writeFileSync(path, bytes)
  const fd = openSync(path, 'r+')
  onTestFinished(async () => {
    closeSync(fd)
    await rm(folder, { recursive: true })
  })
  return fd
}

const drifted = (row: object) => ({ ...row, extra: 1 })

describe('the analyzer', () => {
  it.each([
    ['few bytes', rows(20), rows(20, drifted)],
    ['many bytes', rows(20_000), rows(20_000, drifted)],
  ])('compares %s in memory, which stay the caller’s', async (_, same, other) => {
    const pool = analyzer()
    const { measure, asked } = await measureFor(pool)
    const [before, size] = [Buffer.from(other), other.buffer.byteLength]
    expect((await pool.check({ content: same, tenantId }, measure)).report.hasDrift).toBe(false)
    expect((await pool.check({ content: other, tenantId }, measure)).report.summary.additions).toBe(1)
    expect(other.buffer.byteLength).toBe(size)
    expect(other.equals(before)).toBe(true)
    expect(asked.times).toBe(1)
  })

  it.each([
    ['small', 20],
    ['large', 20_000],
  ])('reads an open file from its start, wherever it stands: %s', async (_, count) => {
    const pool = analyzer()
    const { measure } = await measureFor(pool)
    const bytes = rows(count, drifted)
    const fd = await openFile(bytes)
    const content: Content = { fd, size: bytes.byteLength }
    for (let n = 0; n < 2; n++)
      expect((await pool.check({ content, tenantId }, measure)).report.summary.additions).toBe(1)
  })

  it('says so when an open file is shorter than it was, or closed', async () => {
    const pool = analyzer()
    const { measure } = await measureFor(pool)
    const bytes = rows(2_000)
    const fd = await openFile(bytes)
    for (const content of [
      { fd, size: bytes.byteLength + 1 },
      { fd: 2 ** 31 - 1, size: 10 },
    ])
      await expect(pool.check({ content, tenantId }, measure)).rejects.toMatchObject({
        code: 'SPOOL_UNAVAILABLE',
        retryAfterSeconds: 5,
      })
    const content: Content = { fd, size: bytes.byteLength }
    expect((await pool.check({ content, tenantId }, measure)).report.hasDrift).toBe(false)
  })

  it('hands over what takes long however small the file is: many names against many', async () => {
    const pool = analyzer()
    const wide = (name: string, count: number) =>
      Buffer.from(
        JSON.stringify([Object.fromEntries(Array.from({ length: count }, (_, n) => [name + n, n]))]),
      )
    const { measure } = await measureFor(pool, wide('a', 100))
    // Once it is closed, what goes to a thread is refused, and what does not is not.
    await pool.close(0)
    const few = await pool.check({ content: wide('a', 5), tenantId }, measure)
    expect(few.report.summary.removals).toBe(95)
    await expect(pool.check({ content: wide('b', 100), tenantId }, measure)).rejects.toMatchObject({
      code: 'STOPPED',
    })
  })

  it('refuses what waits when it is closed, and ends what does not end by itself', async () => {
    const pool = analyzer({ formats: [misbehaving] })
    const { measure } = await measureFor(pool, deed('behave'))
    const codeOf = (content: Content) =>
      pool.check({ content, tenantId }, measure).then(
        () => 'compared',
        (error: DrifthookError) => error.code,
      )
    const codes = ['loop', 'behave', 'behave'].map((what) => codeOf(deed(what)))
    // The schema is on its way: then it runs.
    await new Promise((resolve) => setImmediate(resolve))
    await pool.close(0)
    expect(await Promise.all(codes)).toEqual(['STOPPED', 'STOPPED', 'STOPPED'])
    expect(await codeOf(deed('behave'))).toBe('STOPPED')
  })

  it('lets what runs end when it is closed', async () => {
    const pool = analyzer({ formats: [misbehaving] })
    const { measure } = await measureFor(pool, deed('behave'))
    const answer = pool.check({ content: deed('behave'), tenantId }, measure)
    // The schema is on its way: then it runs.
    await new Promise((resolve) => setImmediate(resolve))
    await pool.close(60_000)
    expect((await answer).report.hasDrift).toBe(false)
  })

  it('refuses what is beyond the line, and has room again afterwards', async () => {
    const pool = analyzer({ formats: [misbehaving], queue: 4, timeoutMs: 5_000 })
    const { measure } = await measureFor(pool, deed('behave'))
    const run = (what: string, tenant: string) =>
      pool.check({ content: deed(what), tenantId: tenant }, measure).then(
        () => 'compared',
        (error: DrifthookError) => error.code,
      )
    const first = run('loop', 'a')
    const second = run('behave', 'a')
    expect(await run('behave', 'a')).toBe('UPLOADS_BUSY')
    const other = run('behave', 'b')
    expect(await Promise.all([first, second, other])).toEqual(['FILE_LIMIT_EXCEEDED', 'compared', 'compared'])
    expect(await run('behave', 'a')).toBe('compared')
  })
})
