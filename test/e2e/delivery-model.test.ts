/** The contract of delivery, against random histories of use, of time and of accidents. */
import { describe, it } from 'vitest'
import { memoryStorage } from '../../src/index.js'
import { runModel } from '../support/delivery-model/run.js'

const numRuns = Number(process.env.DRIFTHOOK_RUNS ?? 150)

describe('the delivery state machine', () => {
  it('keeps its contract on the memory storage', { timeout: 600_000 }, async () => {
    await runModel({
      numRuns,
      setting: () => {
        const storage = memoryStorage()
        return { storage: () => storage, pauses: [0] }
      },
    })
  })
})
