/** `drifthook/bullmq`: wake-ups through Redis, as delayed jobs of BullMQ. */
import { DrifthookError } from '../../errors.js'
import type { Queue } from '../../ports/queue.js'
import { BullmqQueue } from './queue.js'

/** An ioredis client, as far as it is used here. */
export interface RedisClient {
  duplicate(override?: object): object
}

/** The usual options of an ioredis client. For others make the client yourself. */
export interface RedisSettings {
  host?: string
  port?: number
  /** Of a Unix domain socket. */
  path?: string
  username?: string
  password?: string
  db?: number
  tls?: object
}

export interface BullmqOptions {
  /** An ioredis client, which is duplicated and never closed, or options to make one with. No cluster. */
  connection: RedisClient | RedisSettings
  /** What the names of BullMQ's keys begin with; a `keyPrefix` of the client is not used. Default `'bull'`. */
  prefix?: string
  /** Of the queue, as bull-board shows it. Default `'drifthook'`. */
  name?: string
}

const known: readonly string[] = ['connection', 'prefix', 'name'] satisfies (keyof BullmqOptions)[]

const invalid = (name: string, sentence: string) =>
  new DrifthookError('OPTION_INVALID', `bullmqQueue: ${name} ${sentence}`)

/**
 * A queue in Redis, shared by the processes that name it alike. Needs the packages `bullmq` and `ioredis`.
 * Nothing connects before `open()`, which throws `DRIVER_NOT_FOUND` where one is missing; a Redis that is
 * down is no error: it is connected to when it is there.
 * @throws DrifthookError `OPTION_INVALID`
 */
export function bullmqQueue(options: BullmqOptions): Queue {
  for (const option of Object.keys(options)) {
    if (!known.includes(option)) throw invalid(option, `is not an option; there are ${known.join(', ')}.`)
  }
  const { connection, prefix = 'bull', name = 'drifthook' } = options
  if (typeof connection !== 'object' || connection === null) {
    throw invalid('connection', 'must be an ioredis client or its options.')
  }
  if (typeof prefix !== 'string' || prefix === '') throw invalid('prefix', 'must be a text.')
  if (typeof name !== 'string' || name === '' || name.includes(':')) {
    throw invalid('name', 'must be a text without a colon.')
  }
  return new BullmqQueue({ connection, prefix, name })
}
