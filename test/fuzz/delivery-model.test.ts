/**
 * The contract of delivery, against random histories of use, of time and of accidents. `DRIFTHOOK_RUNS=5000` runs
 * more of them, `DRIFTHOOK_SEED` those of a report again.
 */
import { describe, it } from 'vitest'
import { onHttp, onMemory, onSqlite, runs } from '../support/delivery-model/settings.js'

describe('every history of a delivery keeps the contract', { timeout: 3_600_000 }, () => {
  it('on the memory storage', () => onMemory(runs(100)))
  it('with two processes on one SQLite file', () => onSqlite(runs(12)))
  it('over HTTP', () => onHttp(runs(60)))
})
