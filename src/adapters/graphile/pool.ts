import type { EventEmitter } from 'node:events'
import { ignore } from '../shared/engine.js'

/** A `Pool` of `pg`, as far as it is used here. */
export interface PgPool {
  query(text: string, values: unknown[]): Promise<{ rows: { [column: string]: unknown }[] }>
  connect(): Promise<object>
  on(event: 'error' | 'connect' | 'acquire', listener: (...args: unknown[]) => void): unknown
  off(event: 'error' | 'connect' | 'acquire', listener: (...args: unknown[]) => void): unknown
}

/** Without these a lost connection ends the process; graphile-worker asks for the first two. */
export function guard(pool: PgPool): void {
  pool.on('error', ignore)
  pool.on('connect', guardClient)
  pool.on('acquire', guardClient)
}

export function unguard(pool: PgPool): void {
  pool.off('error', ignore)
  pool.off('connect', guardClient)
  pool.off('acquire', guardClient)
}

/** Each client has it once, however often it is taken. */
function guardClient(client: unknown): void {
  ;(client as EventEmitter).off('error', ignore).on('error', ignore)
}
