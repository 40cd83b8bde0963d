/** Whether the server is one to keep things on, and what survives on it. */
import { DrifthookError } from '../../errors.js'
import type { Capabilities } from '../../ports/storage.js'
import type { Connection } from './connection.js'

const incompatible = (sentence: string) => new DrifthookError('STORAGE_INCOMPATIBLE', sentence)

/** The oldest version that has all the commands, and runs scripts by their effects. */
const oldest = [6, 2] as const

type Info = Readonly<Record<string, string>>

async function info(connection: Connection): Promise<Info[]> {
  const answers = await connection.callEach('info')
  return answers.map((text) => {
    const lines = String(text)
      .split('\r\n')
      .filter((line) => line.includes(':'))
    return Object.fromEntries(lines.map((line) => line.split(/:(.*)/s, 2) as [string, string]))
  })
}

/** A setting of each server, or null where asking is forbidden, as it is on most managed ones. */
async function settings(connection: Connection, name: string): Promise<readonly (string | null)[]> {
  try {
    const answers = (await connection.callEach('config', ['get', name])) as Buffer[][]
    return answers.map(([, value]) => (value === undefined ? null : String(value)))
  } catch {
    return []
  }
}

function checkVersion({ redis_version: version = '' }: Info): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return
  throw incompatible(`Redis ${version} is too old; drifthook needs ${oldest.join('.')} or later.`)
}

function checkEviction({ maxmemory_policy: policy = '' }: Info): void {
  if (!policy.startsWith('allkeys-')) return
  throw incompatible(`Redis evicts keys (maxmemory-policy ${policy}); drifthook needs noeviction.`)
}

/**
 * Refuses a server that would throw records away, or lose them at its end unless that is accepted.
 * @throws DrifthookError `STORAGE_INCOMPATIBLE`
 */
export async function survives(
  connection: Connection,
  acceptLoss: boolean,
): Promise<Capabilities['durable']> {
  const servers = await info(connection)
  for (const each of servers) {
    checkVersion(each)
    checkEviction(each)
    if (each.redis_mode === 'cluster' && !connection.isCluster) {
      throw incompatible('The Redis server is part of a cluster: hand in a client for clusters.')
    }
  }
  const all = (answers: readonly (string | null)[], is: (answer: string | null) => boolean) =>
    answers.length > 0 && answers.every(is)
  if (servers.every(({ aof_enabled: logs }) => logs === '1')) {
    const always = all(await settings(connection, 'appendfsync'), (answer) => answer === 'always')
    return always ? 'disk' : 'process'
  }
  if (!acceptLoss) {
    throw incompatible('Redis keeps no append-only file (appendonly no); turn it on, or set acceptLoss.')
  }
  // Snapshots: all but the last minutes survive.
  return all(await settings(connection, 'save'), Boolean) ? 'process' : 'none'
}
