import { createHash } from 'node:crypto'

/** Waits for an advisory lock that belongs to one thing in one schema, held to the end of the transaction. */
export const lock = (schema: string, thing: string): string =>
  `SELECT pg_advisory_xact_lock(${lockKey(schema, thing)})`

/** Advisory locks are numbers of 64 bits, shared by all who use the database: taken from a hash, ours meet nobody's. */
const lockKey = (schema: string, thing: string): bigint =>
  createHash('sha256').update(`drifthook ${schema} ${thing}`).digest().readBigInt64BE()
