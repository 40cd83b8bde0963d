import { it } from 'vitest'
import { onHttp, onMemory, onSqlite, runs } from '../support/delivery-model/settings.js'

const timeout = 2 * 3_600_000

it('every history of a delivery keeps the contract on the memory storage', { timeout }, () =>
  onMemory(runs(50_000)),
)
it('every history of a delivery keeps the contract on SQLite', { timeout }, () => onSqlite(runs(5_000)))
it('every history of a delivery keeps the contract over HTTP', { timeout }, () => onHttp(runs(5_000)))
