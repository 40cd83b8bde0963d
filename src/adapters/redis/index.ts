/** `drifthook/redis`: a storage in Redis, shared by all processes that reach it. */
import { DrifthookError } from '../../errors.js'
import type { Storage } from '../../ports/storage.js'
import type { RedisClient } from './connection.js'
import { RedisStorage } from './storage.js'

export type { RedisClient } from './connection.js'

export interface RedisOptions {
  /** An ioredis client, `Redis` or `Cluster`. It is duplicated, never closed; a `keyPrefix` of it is not used. */
  client: RedisClient
  /** What the names of all keys begin with, in braces. Default `drifthook`. */
  prefix?: string
  /** Over how many slots tenants are spread, 1 to 64. Fixed when the store is first opened. Default 1. */
  shards?: number
  /** Allows a server that keeps no append-only file, and so may lose what it confirmed. Default false. */
  acceptLoss?: boolean
}

const known: readonly string[] = ['client', 'prefix', 'shards', 'acceptLoss'] satisfies (keyof RedisOptions)[]

const maxShards = 64

const invalid = (name: string, sentence: string) =>
  new DrifthookError('OPTION_INVALID', `redisStorage: ${name} ${sentence}`)

/**
 * A storage in Redis 6.2 or later. Nothing connects before `open()`.
 * @throws DrifthookError `OPTION_INVALID`
 */
export function redisStorage(options: RedisOptions): Storage {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw invalid(name, `is not an option; there are ${known.join(', ')}.`)
  }
  const { client, prefix = 'drifthook', shards = 1, acceptLoss = false } = options
  if (typeof client?.duplicate !== 'function') throw invalid('client', 'must be an ioredis client.')
  if (typeof prefix !== 'string' || !/^[^{}\s\0]{1,100}$/.test(prefix)) {
    throw invalid('prefix', 'must be a text of 1 to 100 characters without braces and spaces.')
  }
  if (!Number.isInteger(shards) || shards < 1 || shards > maxShards) {
    throw invalid('shards', `must be a whole number of 1 to ${maxShards}.`)
  }
  if (typeof acceptLoss !== 'boolean') throw invalid('acceptLoss', 'must be true or false.')
  return new RedisStorage({ client, prefix, shards, acceptLoss })
}
