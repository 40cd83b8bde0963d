/** Where model runs take place. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteStorage } from '../../../src/adapters/sqlite/index.js'
import { memoryStorage } from '../../../src/index.js'
import { httpReceivers } from './http.js'
import { runModel } from './run.js'

/** How many runs: as many as `DRIFTHOOK_RUNS` says, or so many. */
export const runs = (usual: number): number => Number(process.env.DRIFTHOOK_RUNS ?? usual)

/** One storage object, handed to every process. */
export const onMemory = (numRuns: number): Promise<void> =>
  runModel({
    numRuns,
    setting: () => {
      const storage = memoryStorage()
      return { storage: () => storage }
    },
  })

/** One file, opened by each process for itself. */
export const onSqlite = (numRuns: number): Promise<void> =>
  runModel({
    numRuns,
    setting: () => {
      const folder = mkdtempSync(join(tmpdir(), 'drifthook-model-'))
      return {
        storage: () => sqliteStorage({ filename: join(folder, 'drifthook.db') }),
        close: () => rmSync(folder, { recursive: true, force: true }),
      }
    },
  })

/** As on memory, but what is sent goes through sockets. */
export async function onHttp(numRuns: number): Promise<void> {
  const receivers = await httpReceivers()
  try {
    await runModel({
      numRuns,
      medium: 'http',
      setting: () => {
        const storage = memoryStorage()
        return {
          storage: () => storage,
          // By the machine's own time: long enough for whatever does answer.
          http: { base: receivers.base, timeoutMs: 1_000 },
          begun: (world) => {
            receivers.world = world
          },
        }
      },
    })
  } finally {
    await receivers.close()
  }
}
