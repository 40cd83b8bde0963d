import type { Queue as Jobs } from 'bullmq'
import type { Redis } from 'ioredis'
import type { ConsumeOptions, Queue, WakeUp } from '../../ports/queue.js'
import { answered, Consumer, ignore } from '../shared/engine.js'
import { optionalPackage } from '../shared/optional-package.js'

export interface Settings {
  connection: object
  prefix: string
  name: string
}

interface Connection {
  redis: Redis
  jobs: Jobs
  Worker: typeof import('bullmq').Worker
}

/** Whatever the host's client is set to: BullMQ's workers need it so, and a queue outlives any outage. */
const redisOptions = {
  maxRetriesPerRequest: null,
  lazyConnect: false,
  keyPrefix: '',
  // BullMQ blocks on Redis for longer than the host may want to wait for an answer.
  commandTimeout: undefined,
  retryStrategy: (times: number) => Math.min(times * 50, 2_000),
}

/** Nothing of a wake-up is kept once it was handed over, and BullMQ never tries it again. */
const jobOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true }

export class BullmqQueue implements Queue {
  readonly #settings: Settings
  #connection: Promise<Connection> | null = null

  constructor(settings: Settings) {
    this.#settings = settings
  }

  async open(): Promise<void> {
    this.#connection ??= this.#connect()
    const { jobs } = await this.#connection
    // Redis may be down: then it is connected to in the background.
    await answered('Redis', jobs.waitUntilReady()).catch(ignore)
  }

  async close(): Promise<void> {
    const connection = await this.#connection?.catch(() => null)
    this.#connection = null
    if (!connection) return
    await connection.jobs.close()
    connection.redis.disconnect()
  }

  async enqueue(wakeUps: readonly WakeUp[]): Promise<void> {
    const jobs = await this.#connectedJobs()
    const now = Date.now()
    const added = wakeUps.map(({ id, runAt = now }) => ({
      name: 'wake',
      data: { id },
      opts: { ...jobOptions, jobId: jobId(id), timestamp: now, delay: Math.max(0, runAt - now) },
    }))
    await answered('Redis', jobs.addBulk(added))
  }

  async consume(handler: (id: string) => Promise<void>, options: ConsumeOptions): Promise<void> {
    const { redis, Worker } = await this.#opened()
    const consumer = new Consumer(handler, options)
    if (consumer.signal.aborted) return
    const { name, prefix } = this.#settings
    // The worker duplicates the connection, once more to block on it, and reconnects by itself.
    const worker = new Worker<{ id: string }>(name, ({ data }) => consumer.handle(data.id), {
      connection: redis,
      prefix,
      concurrency: consumer.concurrency,
    })
    worker.on('error', ignore)
    await consumer.stopped
    // By force while Redis is away: else it would wait for Redis to say goodbye to.
    const closed = worker.close(redis.status !== 'ready')
    await consumer.ended()
    await answered('Redis', closed).catch(() => void worker.disconnect().catch(ignore))
  }

  async stats(): Promise<{ waiting: number }> {
    const jobs = await this.#connectedJobs()
    return { waiting: await answered('Redis', jobs.getJobCountByTypes('waiting', 'delayed')) }
  }

  async #connect(): Promise<Connection> {
    const { connection, name, prefix } = this.#settings
    const { Queue: BullQueue, Worker } = await optionalPackage<typeof import('bullmq')>('bullmq')
    const redis = await duplicate(connection)
    redis.on('error', ignore)
    const jobs = new BullQueue(name, { connection: redis, prefix })
    jobs.on('error', ignore)
    return { redis, jobs, Worker }
  }

  async #opened(): Promise<Connection> {
    if (this.#connection === null) throw new Error('the queue is not open')
    return this.#connection
  }

  /** Commands that wait for a connection pile up: without one they are refused instead. */
  async #connectedJobs(): Promise<Jobs> {
    const { jobs, redis } = await this.#opened()
    if (redis.status !== 'ready') throw new Error(`Redis is not connected (${redis.status})`)
    return jobs
  }
}

async function duplicate(connection: object): Promise<Redis> {
  if ('duplicate' in connection) return (connection as Redis).duplicate(redisOptions)
  const { Redis } = await optionalPackage<typeof import('ioredis')>('ioredis')
  return new Redis({ ...connection, ...redisOptions })
}

/** BullMQ refuses colons and whole numbers in the ids of jobs. */
const jobId = (id: string) => `wake-${encodeURIComponent(id)}`
