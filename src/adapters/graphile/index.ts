/** `drifthook/graphile`: wake-ups through PostgreSQL, as jobs of graphile-worker. */
import { DrifthookError } from '../../errors.js'
import type { Queue } from '../../ports/queue.js'
import type { PgPool } from './pool.js'
import { GraphileQueue } from './queue.js'

export type { PgPool } from './pool.js'

export interface GraphileOptions {
  /** A `Pool` of `pg`. Never closed here. Listening takes one of its connections for good. */
  pool: PgPool
  /** Where graphile-worker keeps its tables; it makes and migrates them. Default `'graphile_worker'`. */
  schema?: string
  /**
   * Whether what is published inside your own SQL transaction is announced inside it, too. Default true; say false
   * if the pool leads to another database than the storage's: there the jobs would be nobody's.
   */
  hostTransactions?: boolean
}

const known: readonly string[] = ['pool', 'schema', 'hostTransactions'] satisfies (keyof GraphileOptions)[]

const invalid = (name: string, sentence: string) =>
  new DrifthookError('OPTION_INVALID', `graphileQueue: ${name} ${sentence}`)

/**
 * A queue in PostgreSQL, shared by the processes that use the same schema. Needs the package
 * `graphile-worker`. Nothing is asked before `open()`, which throws `DRIVER_NOT_FOUND` where it is missing;
 * a database that is down is no error: it is used when it is there.
 * @throws DrifthookError `OPTION_INVALID`
 */
export function graphileQueue(options: GraphileOptions): Queue {
  for (const option of Object.keys(options)) {
    if (!known.includes(option)) throw invalid(option, `is not an option; there are ${known.join(', ')}.`)
  }
  const { pool, schema = 'graphile_worker', hostTransactions = true } = options
  if (typeof pool?.query !== 'function' || typeof pool.connect !== 'function') {
    throw invalid('pool', 'must be a Pool of pg.')
  }
  if (typeof schema !== 'string' || schema === '') throw invalid('schema', 'must be a text.')
  if (typeof hostTransactions !== 'boolean') throw invalid('hostTransactions', 'must be true or false.')
  return new GraphileQueue({ pool, schema, hostTransactions })
}
