/** Files that are read when a test says so: see gated-format.mjs. */
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import supertest from 'supertest'
import { acme, type TestApp } from './app.js'
import { until } from './upload-target.js'

/** For the option `formats`. */
export const gatedFormat = new URL('./gated-format.mjs', import.meta.url).href

export interface Gate {
  /** A file that is read once `open` was called with its name, or with none. */
  file(name: string, bytes?: number): string
  open(name?: string): Promise<void>
  /** The names of the files whose reading has begun, in that order. */
  begun(): Promise<string[]>
  /** Resolves once the reading of so many files has begun. */
  hasBegun(count: number): Promise<void>
  close(): Promise<void>
}

export async function gate(): Promise<Gate> {
  const folder = await mkdtemp(join(tmpdir(), 'drifthook-gate-'))
  const begun = async () => {
    const file = join(folder, 'begun')
    return existsSync(file) ? (await readFile(file, 'utf8')).trimEnd().split('\n') : []
  }
  return {
    file: (name, bytes = 0) => `GATED\n${folder}\n${name}\n${'.'.repeat(bytes)}\n`,
    open: (name = 'open') => writeFile(join(folder, name), ''),
    begun,
    hasBegun: (count) =>
      until(`${count} files are read`, async () => ((await begun()).length >= count ? true : undefined)).then(
        () => {},
      ),
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Where gated files are uploaded to, of a tenant. */
export async function gatedMonitor({ app, drifthook }: TestApp, principal = acme): Promise<string> {
  const { body: contract } = await supertest(app)
    .post('/drift/api/v1/contracts')
    .set('x-api-key', `key-${principal.tenantId}`)
    .field('name', 'gated')
    .attach('file', Buffer.from('GATED\n'), 'sample')
    .expect(201)
  const monitor = await drifthook.monitors.create(principal, { name: 'gated', contractId: contract.id })
  return `/drift/webhook/${monitor.token}`
}
