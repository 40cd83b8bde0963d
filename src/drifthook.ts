/** The composition root: options become adapters, services, routers and a runner. Nothing else is wired anywhere. */
import { randomBytes } from 'node:crypto'
import { memoryQueue } from './adapters/memory/queue.js'
import { memoryStorage } from './adapters/memory/storage.js'
import { analysisPool } from './analysis/pool.js'
import { httpTransport } from './delivery/transport.js'
import { DrifthookError } from './errors.js'
import { createRouters, type Routers } from './http/express.js'
import type { HttpRequest } from './http/request.js'
import { Life } from './life.js'
import type { Principal } from './model.js'
import { type DrifthookOptions, optionInvalid, parseOptions, type Settings } from './options.js'
import { inlineBytes } from './ports/analyzer.js'
import type { HostTransaction } from './ports/host-transaction.js'
import { deliver } from './runner/deliver.js'
import { HealthBook } from './runner/health-book.js'
import { Lanes } from './runner/lanes.js'
import { Runner } from './runner/runner.js'
import { SharedReads } from './runner/shared-reads.js'
import { workJob } from './runner/work-job.js'
import { builtInChannels } from './services/channels/index.js'
import type { Context, Logger } from './services/context.js'
import { policyOf } from './services/deliveries/retry-policy.js'
import { createServices, type Services } from './services/index.js'
import { systemTenant } from './services/jobs/new.js'
import { ensurePeriodic } from './services/jobs/periodic.js'
import { openedStorage } from './services/opened-storage.js'
import { retentionOf } from './services/retention.js'
import { rememberingBox, type SecretBox, secretBox } from './services/secret-box.js'
import { sharedLimiter } from './services/shared-limiter.js'
import { Matcher } from './services/subscriptions/matcher.js'
import { type DrifthookTransaction, transactionOf } from './services/transaction.js'

export interface StartOptions {
  /** Whether this process works deliveries. Default true; false for a process that only answers HTTP. */
  runner?: boolean
}

export interface StopOptions {
  /** How long attempts under way may take to end. Default 10,000. */
  drainMs?: number
}

/** A mounted drifthook: its routers, its services, its life. */
export interface Drifthook extends Routers, Services {
  /**
   * Opens the adapters, makes sure the analysis worker is found, and starts the runner. Idempotent.
   * @throws DrifthookError `STORAGE_UNAVAILABLE`, `STORAGE_INCOMPATIBLE`, `DRIVER_NOT_FOUND`, `WORKER_NOT_FOUND`
   */
  start(options?: StartOptions): Promise<void>
  /** Stops claiming work, lets what runs end, and closes what `start` opened. Final, and idempotent. */
  stop(options?: StopOptions): Promise<void>
  /**
   * Works everything that is due now, in this process, and returns how many attempts that took: for tests,
   * and for hosts that would rather be called by a scheduler than run a loop.
   */
  runDue(): Promise<number>
  /**
   * Publishes inside a transaction of the host's own: with its commit, or not at all.
   * @param host what `fromPg`, `fromKnex`, `fromKysely`, `fromDrizzle` or `fromPrisma` of `drifthook/postgres` makes
   * @throws DrifthookError `CAPABILITY_MISSING` with a storage that cannot, `OPTION_INVALID`
   */
  withTransaction(host: HostTransaction): DrifthookTransaction
}

/**
 * Builds a drifthook. Does no I/O, sets no timer, installs no signal handler; a request that comes before
 * `start` opens the storage and is answered, but no runner works.
 * @throws DrifthookError `OPTION_INVALID` naming every fault
 */
export function createDrifthook(options: DrifthookOptions): Drifthook {
  const settings = parseOptions(options)
  const logger = settings.logger ?? consoleLogger
  const life = new Life(settings.storage ?? memoryStorage())
  const lanes = createLanes(settings)
  const context = createContext(settings, { life, logger, lanes })
  const services = createServices(context)
  const { queue, analyzer, transport } = context
  const runner = createRunner(settings, context, lanes)

  return {
    ...services,
    ...createRouters({
      services,
      refuseStopped: () => life.refuseStopped(),
      authenticate: authenticator(settings),
      logger,
      requireHttps: settings.requireHttps,
      upload: settings.upload,
      urls: context.urls,
    }),
    async start({ runner: works = true } = {}) {
      life.refuseStopped()
      warnOfLoss(settings, context)
      await life.opened()
      await Promise.all([queue.open(), analyzer.open()])
      if (works) await runner.start()
    },
    stop({ drainMs = 10_000 } = {}) {
      return life.end(async () => {
        await Promise.all([runner.stop(drainMs), services.uploads.settled(drainMs)])
        await Promise.all([services.uploads.close(), queue.close(), transport.close(), analyzer.close()])
      })
    },
    runDue: () => runner.runDue(),
    withTransaction: (host) => transactionOf(context, host),
  }
}

/** How long a job's step may take: the reading and writing of some hundred records. */
const stepMs = 50_000
/** Jobs under way at once in a process: they are there to be done, not to be quick. */
const jobsAtOnce = 2
/** The longest that one answer of an overloaded receiver keeps its lane closed. */
const maxThrottleMs = 300_000

function createLanes({ delivery: { breaker } }: Settings): Lanes {
  const { failures, openMs, maxOpenMs } =
    breaker === false ? { failures: 0, openMs: 1, maxOpenMs: 1 } : breaker
  return new Lanes({ breakerFailures: failures, openMs, maxOpenMs, maxThrottleMs })
}

function createRunner({ delivery }: Settings, context: Context, lanes: Lanes): Runner {
  const { concurrency, perSubscription, timeoutMs } = delivery
  const health = new HealthBook(context)
  const reads = new SharedReads(context.storage)
  return new Runner({
    ...context,
    deliveries: {
      table: 'deliveries',
      concurrency,
      perLane: perSubscription,
      deadlineMs: timeoutMs,
      lanes,
      work: (delivery, slot) => deliver({ context, lanes, health, reads }, delivery, slot),
    },
    jobs: {
      table: 'jobs',
      concurrency: jobsAtOnce,
      perLane: 1,
      deadlineMs: stepMs,
      work: (job) => workJob(context, job),
    },
    ensurePeriodic: () => ensurePeriodic(context),
    settled: () => health.settled(),
  })
}

interface Given {
  life: Life
  logger: Logger
  lanes: Lanes
}

function createContext(settings: Settings, { life, logger, lanes }: Given): Context {
  const { clock, delivery } = settings
  const storage = openedStorage(life.storage, () => life.opening())
  return {
    storage,
    sharedLimiter: sharedLimiter(storage.limiter, logger),
    queue: settings.queue ?? memoryQueue({ clock }),
    analyzer: analysisPool({
      ...settings.analysis,
      formats: settings.formats,
      inlineBytes,
      clock,
      onError: (error) => logger.error('an analysis thread died', { error }),
    }),
    transport: httpTransport({ allowLoopback: delivery.allowLoopback, proxy: delivery.proxy }),
    clock,
    secrets: rememberingBox(createSecretBox(settings, storage.capabilities.durable !== 'none')),
    logger,
    limits: settings.limits,
    retention: retentionOf(settings.retention),
    eventTypes: settings.eventTypes,
    matcher: new Matcher(storage),
    channels: new Map([...builtInChannels, ...settings.channels].map((channel) => [channel.name, channel])),
    delivery: {
      ...delivery,
      retry: policyOf(delivery.retryDelays),
      disable: delivery.disable === false ? null : delivery.disable,
    },
    hooks: settings.hooks,
    receiverChanged: (subscriptionId) => lanes.reset(subscriptionId),
    urls: { upload: settings.publicUrl?.upload ?? null, api: settings.publicUrl?.api ?? null },
    upload: settings.upload,
  }
}

function createSecretBox({ secretKey }: Settings, durable: boolean): SecretBox {
  if (secretKey === undefined) {
    // What is gone with the process may be sealed with a key that is gone with it too.
    if (!durable) return secretBox(new Map([['process', randomBytes(32)]]), 'process')
    const message = 'is required with a durable storage: 32 random bytes, kept where you keep secrets'
    throw optionInvalid([{ path: 'secretKey', code: 'required', message }])
  }
  const [current = ''] = secretKey.keys()
  return secretBox(secretKey, current)
}

function authenticator({ authenticate }: Settings): (request: HttpRequest) => Promise<Principal | null> {
  if (authenticate === 'unsafe-none') {
    return async () => ({ tenantId: 'default', actor: 'anonymous', permissions: ['*'] })
  }
  return async (request) => {
    const principal = await authenticate(request)
    if (principal === null || principal === undefined) return null
    const { tenantId, actor, permissions } = principal
    if (
      typeof tenantId === 'string' &&
      tenantId !== '' &&
      tenantId.length <= 128 &&
      tenantId !== systemTenant &&
      typeof actor === 'string' &&
      Array.isArray(permissions)
    )
      return principal
    const message = `authenticate must answer null or { tenantId, actor, permissions }, and no tenant is called ${systemTenant}.`
    throw new DrifthookError('INTERNAL', message)
  }
}

function warnOfLoss(settings: Settings, { storage, logger }: Context): void {
  if (settings.authenticate === 'unsafe-none')
    logger.warn("authenticate is 'unsafe-none': everybody may do everything")
  if (process.env.NODE_ENV !== 'production' || storage.capabilities.durable !== 'none') return
  logger.warn(
    'the storage keeps nothing: every event, webhook and pending delivery is lost when this process ends',
  )
}

/** Warnings and errors only: a library's place in the host's log is small. */
const consoleLogger: Logger = {
  debug() {},
  info() {},
  warn: (message, fields) => console.warn(`drifthook: ${message}`, fields ?? ''),
  error: (message, fields) => console.error(`drifthook: ${message}`, fields ?? ''),
}
