/** What finding a test server has in common, whatever the server. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { access } from 'node:fs/promises'
import { promisify } from 'node:util'

export const run = promisify(execFile)

export interface Options<Way> {
  /** The ways to try, in this order. */
  ways?: readonly Way[]
  /** Used when given, and then it must answer. Default: `DATABASE_URL`, `REDIS_URL`. */
  configured?: string | undefined
  /** Used if it answers. Default: the server's usual port on this machine. */
  answering?: string
}

export interface TestService<Way> {
  url: string
  way: Way
  close(): Promise<void>
}

export interface Server {
  url: string
  stop(): Promise<void>
}

/** A server that was there before us stays. */
export const borrowed = (url: string): Server => ({ url, stop: async () => {} })

export const uniqueName = () => `drifthook_test_${randomBytes(6).toString('hex')}`

/** The first way that leads to a server. A way says why it leads nowhere, or throws if it should have. */
export async function firstOf<Way extends string>(
  ways: readonly Way[],
  tryWay: Record<Way, () => Promise<Server | string>>,
  remedy: string,
): Promise<Server & { way: Way }> {
  const reasons: string[] = []
  for (const way of ways) {
    const found = await tryWay[way]()
    if (typeof found !== 'string') return { ...found, way }
    reasons.push(`${way}: ${found}`)
  }
  throw new Error(`No server for these tests (${reasons.join('; ')}). ${remedy}`)
}

export const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )

/** A URL fit for an error message. */
export function withoutPassword(url: string): string {
  const parsed = new URL(url)
  parsed.password = ''
  return parsed.href
}
