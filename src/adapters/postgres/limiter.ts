/** The limiter port on a table of our schema: one row per key, for the window it had last. */
import { RateLimiterPostgres } from 'rate-limiter-flexible'
import { type Limiter, taken } from '../../ports/limiter.js'
import type { SqlRow } from './pool.js'
import type { Parameter } from './statement.js'

/** As the package wants it. Not written ahead: after a crash of the server no window is worth knowing. */
export const rateWindows = `CREATE UNLOGGED TABLE "rate_windows" (
  "key" text COLLATE "C" NOT NULL PRIMARY KEY,
  "points" bigint NOT NULL,
  "expire" bigint NOT NULL
)`
/** For finding those that have ended. */
export const rateWindowsEnd = 'CREATE INDEX "rate_windows_end" ON "rate_windows" ("expire")'

/** An ended window is kept this long: processes need not agree to the second what time it is. */
const keptMs = 60_000

type Query = (sql: string, values: readonly Parameter[]) => Promise<SqlRow[]>

/**
 * @param query runs one statement, a transaction of its own
 * @param schema the schema's name, not quoted
 */
export function postgresLimiter(query: Query, schema: string): Limiter {
  const quoted = schema.replaceAll('"', '""')
  const windows = new RateLimiterPostgres({
    // Not the pool itself: the package would name its statements, which a pooler in transaction mode does not
    // bear, and leave numbers as the host's type parsers yield them.
    storeClient: {
      query: async ({ text, values }: { text: string; values: Parameter[] }) => {
        const rows = await query(text, values.map(whole))
        return {
          rows: rows.map(({ points, expire }) => ({ points: Number(points), expire: Number(expire) })),
        }
      },
    },
    points: 0,
    duration: 0,
    storeType: 'client',
    schemaName: quoted,
    tableName: 'rate_windows',
    tableCreated: true,
    clearExpiredByTimeout: false,
    keyPrefix: '',
  })
  const clear = `DELETE FROM "${quoted}"."rate_windows" WHERE "key" IN (SELECT "key"
    FROM "${quoted}"."rate_windows" WHERE "expire" < $1 ORDER BY "expire" LIMIT 10 FOR UPDATE SKIP LOCKED)`
  return {
    async take(key, limit) {
      // Counts without a limit of its own.
      const window = await windows.penalty(key, 1, { customDuration: limit.durationMs / 1000 })
      // Who opens one window clears some that ended long ago, so that their number stays that of the keys in use.
      // What fails here the next one does.
      if (window.isFirstInDuration) void query(clear, [Date.now() - keptMs]).catch(() => {})
      return taken(limit, window.consumedPoints, window.msBeforeNext)
    },
  }
}

/** Milliseconds made of seconds are not always whole. */
const whole = (value: Parameter): Parameter => (typeof value === 'number' ? Math.round(value) : value)
