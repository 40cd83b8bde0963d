/**
 * The storage's own connection, made from the host's client. On a shared one a command might wait behind the
 * host's blocking ones or fall into its transactions; and a client that sends a command again after a broken
 * connection, as they do by default, might make a commit twice.
 */
import { createHash } from 'node:crypto'
import { DrifthookError } from '../../errors.js'
import { refusalOf, translated, unreachable } from './failure.js'

/** An ioredis client, of one server or of a cluster, as far as it is used here. */
export interface RedisClient {
  readonly isCluster?: boolean
  readonly options?: object
  duplicate(override?: object): object
}

interface Node {
  callBuffer(command: string, args: readonly Argument[]): Promise<unknown>
}

/** What the client makes, as far as it is used. */
interface Connected extends Node {
  readonly status: string
  /** The servers of a cluster. */
  nodes?(role: 'master'): readonly Node[]
  on(event: string, listener: (error?: unknown) => void): unknown
  off(event: string, listener: (error?: unknown) => void): unknown
  disconnect(): void
}

export type Argument = string | Buffer

/** What a script or command answers: bytes, whole numbers, lists of such. */
export type Reply = Buffer | number | null | Reply[]

/** How long a call waits for a connection that is being made again. */
const patienceMs = 2_000
/** How long Redis may take to answer. Longer than a fork for the rewriting of its file takes. */
const answerMs = 5_000

/** Whatever the host's client is set to. */
const options = {
  lazyConnect: false,
  enableReadyCheck: true,
  enableOfflineQueue: false,
  enableAutoPipelining: false,
  // What was sent when a connection broke fails at once, and is not sent again.
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  commandTimeout: answerMs,
  socketTimeout: answerMs,
  keyPrefix: '',
  readOnly: false,
  stringNumbers: false,
  retryStrategy: (times: number) => Math.min(times * 50, 2_000),
  // After a failover the name or address may lead to another server.
  reconnectOnError: (error: Error) => refusalOf(error) === 'READONLY',
}

/** A cluster's servers are connected to as they are needed, and never again by themselves. */
const clusterOptions = {
  lazyConnect: false,
  enableAutoPipelining: false,
  // As above: nothing is sent again that may have arrived.
  retryDelayOnFailover: 0,
  scaleReads: 'master',
  keyPrefix: '',
}

function duplicate(client: RedisClient): Connected {
  if (!client.isCluster) return client.duplicate(options) as Connected
  const cluster = client as unknown as {
    duplicate(nodes: [], override: object): Connected
    options: { redisOptions?: object }
  }
  const { redisOptions } = cluster.options
  return cluster.duplicate([], { ...clusterOptions, redisOptions: { ...redisOptions, ...options } })
}

export class Script {
  readonly hash: string

  constructor(readonly source: string) {
    this.hash = createHash('sha1').update(source).digest('hex')
  }
}

export class Connection {
  readonly #client: RedisClient
  #redis: Connected | null = null
  /** Why the last connection failed. */
  #reason: unknown = null

  constructor(client: RedisClient) {
    this.#client = client
  }

  get isCluster(): boolean {
    return this.#client.isCluster === true
  }

  /** Connects. A connection that breaks is made again until {@link close}. */
  async open(): Promise<void> {
    const redis = duplicate(this.#client)
    redis.on('error', (error) => {
      this.#reason = error
    })
    this.#redis = redis
    await this.#ready(redis, ['end', 'close'])
  }

  close(): void {
    this.#redis?.disconnect()
    this.#redis = null
  }

  /** @throws DrifthookError `STORAGE_UNAVAILABLE` */
  async call(command: string, args: readonly Argument[] = []): Promise<Reply> {
    const redis = this.#connected()
    if (redis.status !== 'ready') await this.#ready(redis)
    return ask(redis, command, args)
  }

  /**
   * Asks every server: one, or a cluster's.
   * @throws DrifthookError `STORAGE_UNAVAILABLE`
   */
  async callEach(command: string, args: readonly Argument[] = []): Promise<Reply[]> {
    const redis = this.#connected()
    const nodes = redis.nodes?.('master') ?? [redis]
    return Promise.all(nodes.map((node) => ask(node, command, args)))
  }

  /**
   * Runs a script on one shard.
   * @throws DrifthookError `STORAGE_UNAVAILABLE`
   */
  async run(script: Script, shard: string, args: readonly Argument[]): Promise<Reply> {
    try {
      return await this.call('evalsha', [script.hash, '1', shard, ...args])
    } catch (error) {
      if (refusalOf(error) !== 'NOSCRIPT') throw error
      return this.call('eval', [script.source, '1', shard, ...args])
    }
  }

  #connected(): Connected {
    if (this.#redis !== null) return this.#redis
    throw new DrifthookError('STORAGE_UNAVAILABLE', 'The Redis storage is not open.')
  }

  /** @param ends the events after which it is no longer waited for; a connection is made again after `close` */
  #ready(redis: Connected, ends: readonly string[] = ['end']): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer)
        redis.off('ready', ready)
        for (const end of ends) redis.off(end, failed)
      }
      const ready = () => {
        stop()
        resolve()
      }
      const failed = () => {
        stop()
        reject(unreachable(this.#reason))
      }
      const timer = setTimeout(failed, patienceMs)
      redis.on('ready', ready)
      for (const end of ends) redis.on(end, failed)
    })
  }
}

async function ask(node: Node, command: string, args: readonly Argument[]): Promise<Reply> {
  try {
    return (await node.callBuffer(command, args)) as Reply
  } catch (error) {
    // The only refusal that has a remedy.
    throw refusalOf(error) === 'NOSCRIPT' ? error : translated(error)
  }
}
