/** The options of `createDrifthook`, checked strictly: a misspelt one throws, with its path. */
import { z } from 'zod'
import { type AnalysisOptions, analysisField } from './analysis/settings.js'
import { DrifthookError } from './errors.js'
import type { HttpRequest } from './http/request.js'
import type { Principal, SignatureHeaders, SignatureScheme } from './model.js'
import { type Clock, systemClock } from './ports/clock.js'
import type { Queue } from './ports/queue.js'
import type { Storage } from './ports/storage.js'
import { createCatalogue, type EventTypeDefinition } from './services/catalogue.js'
import { type Channel, defineChannel } from './services/channels/channel.js'
import type { Logger, Patience } from './services/context.js'
import { retryDelaysField } from './services/deliveries/retry-delays.js'
import type { RetryPreset } from './services/deliveries/retry-policy.js'
import type { Hooks } from './services/hooks.js'
import { type RetentionOptions, retentionField } from './services/retention.js'
import { signatureField, signatureHeadersBySchemeField } from './services/subscriptions/input.js'
import { type UploadOptions, uploadField } from './services/uploads/settings.js'

/** Decides who calls. Null: no valid credentials. Throwing: an error, and nobody is let in. */
export type Authenticate = (request: HttpRequest) => Principal | null | Promise<Principal | null>

export interface DrifthookOptions {
  /**
   * Who calls the management routes. The literal `'unsafe-none'` lets everybody in as tenant `default`
   * with every permission: for a first look on your own machine only.
   */
  authenticate: Authenticate | 'unsafe-none'
  /** Where everything is kept. Default: `memoryStorage()`, gone with the process. */
  storage?: Storage
  /** What wakes the runner. Default: `memoryQueue()`. */
  queue?: Queue
  /**
   * Encrypts stored secrets: 32 bytes (or their base64 or hex text), or `{ id: key }` for several, of which
   * the first one encrypts. Required unless the storage is gone with the process.
   */
  secretKey?: Uint8Array | string | Record<string, Uint8Array | string>
  /** Where the routers are reached from outside: one URL for `router`, or one for each. */
  publicUrl?: string | { upload?: string; api?: string }
  /** Refuse requests that did not come by HTTPS, as the host's `trust proxy` setting judges it. Default false. */
  requireHttps?: boolean
  /**
   * The host's own event types, such as `contact.created`: their names alone, or with what is known of each.
   * Where there is a JSON Schema, `messages.publish` refuses data that breaks it.
   */
  eventTypes?: readonly string[] | Readonly<Record<string, EventTypeDefinition>>
  /** How files are taken in. */
  upload?: UploadOptions
  /**
   * Modules of file formats of your own, each with a `defineFormat(…)` of `drifthook/diff` as its default
   * export: URLs, absolute paths or package names, because worker threads load them too.
   */
  formats?: readonly string[]
  /** How files are compared. */
  analysis?: AnalysisOptions
  delivery?: {
    /** Milliseconds after the n-th failed attempt, or a preset's name. */
    retryDelays?: readonly number[] | RetryPreset
    /** One deadline over a whole attempt. Default 10,000. */
    timeoutMs?: number
    /** Attempts under way at once in this process, those apart that wait for over 100 ms. Default 64. */
    concurrency?: number
    /** Attempts under way at once to one subscription, in all processes. Default 8. */
    perSubscription?: number
    /** How new subscriptions are signed unless they say otherwise. Default `'standard'`. */
    signature?: SignatureScheme
    /** Header names of signatures, by scheme; subscriptions may have their own. */
    signatureHeaders?: Partial<Record<SignatureScheme, SignatureHeaders>>
    /**
     * After so many failed attempts in a row a receiver is left alone for `openMs`, then tried with one; each
     * failed try doubles the time, up to `maxOpenMs`. Default 10, 30,000 and 300,000. False: never.
     */
    breaker?: { failures?: number; openMs?: number; maxOpenMs?: number } | false
    /** When `subscription.failing` is published. Default 4 failed attempts, the first 5 minutes ago. */
    failing?: Partial<Patience>
    /** When a failing subscription is disabled. Default 20 failed attempts, the first 5 days ago. False: never. */
    disable?: Partial<Patience> | false
    /** An HTTP proxy that every delivery goes through, by CONNECT: `http://user:password@proxy:3128`. */
    proxy?: string
    /** Permits `http:` and loopback receivers, for development and tests; in production a list of ports. */
    allowLoopback?: boolean | readonly number[]
  }
  /** Channels of the host's own, beside `webhook`, `slack` and `teams`: see `defineChannel`. */
  channels?: readonly Channel[]
  /** Watch messages on their way, for tracing and metrics. */
  hooks?: Hooks
  limits?: { contracts?: number; monitors?: number; subscriptions?: number; messageBytes?: number }
  /** How long what is over is kept. */
  retention?: RetentionOptions
  logger?: Logger
  clock?: Clock
}

const hasMethods =
  (...names: string[]) =>
  (value: unknown) =>
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => typeof Reflect.get(value, name) === 'function')

// Adapters are instances: zod would copy an object and lose its methods, so they are only looked at.
const instance = <T>(what: string, ...methods: string[]) =>
  z.custom<T>(hasMethods(...methods), { message: `must be ${what}` })

const positive = z.number().int().positive()
const baseUrl = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''))

const day = 24 * 3_600_000

/** How long and how often a receiver may fail; at most 1,000 attempts are looked at. */
const patience = (afterMs: number, failures: number) =>
  z
    .strictObject({
      afterMs: z.number().int().nonnegative().default(afterMs),
      failures: positive.max(1_000).default(failures),
    })
    .prefault({})

const keyId = /^[A-Za-z0-9_-]{1,32}$/

/** 32 bytes, as they are or as the base64 or hex text of them; null if it is anything else. */
function keyBytes(key: unknown): Uint8Array | null {
  if (typeof key === 'string')
    return keyBytes(Buffer.from(key, /^[0-9a-f]{64}$/i.test(key) ? 'hex' : 'base64'))
  return key instanceof Uint8Array && key.byteLength === 32 ? key : null
}

/** One key, or several by id; the first one encrypts. */
const keyRing = z.unknown().transform((given, check) => {
  const several = typeof given === 'object' && given !== null && !(given instanceof Uint8Array)
  const keys = new Map<string, Uint8Array>()
  for (const [id, value] of several ? Object.entries(given) : [['key1', given] as const]) {
    const bytes = keyBytes(value)
    if (bytes !== null && keyId.test(id)) keys.set(id, bytes)
    else
      check.addIssue({ code: 'custom', message: 'must be 32 bytes, as bytes, base64 or hex, or { id: key }' })
  }
  if (keys.size === 0) check.addIssue({ code: 'custom', message: 'needs at least one key' })
  return keys
})

const definition = z.strictObject({
  description: z.string().max(2_000).optional(),
  schema: z
    .custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), {
      message: 'must be a JSON Schema, an object',
    })
    .optional(),
  example: z.unknown().optional(),
})

/** The host's event types, with the built-in ones; a list of names says nothing more of each. */
const eventTypes = z
  .preprocess(
    (given = {}) => (Array.isArray(given) ? Object.fromEntries(given.map((type) => [type, {}])) : given),
    z.record(z.string(), definition),
  )
  .transform((given, check) =>
    createCatalogue(given, (path, message) => check.addIssue({ code: 'custom', path, message })),
  )

const schema = z.strictObject({
  authenticate: z.union(
    [z.literal('unsafe-none'), z.custom<Authenticate>((value) => typeof value === 'function')],
    {
      error: "must be a function (request) => principal or null, or the literal 'unsafe-none'",
    },
  ),
  storage: instance<Storage>(
    'a storage, such as memoryStorage()',
    'open',
    'commit',
    'claim',
    'settle',
  ).optional(),
  queue: instance<Queue>('a queue, such as memoryQueue()', 'open', 'enqueue', 'consume').optional(),
  secretKey: keyRing.optional(),
  publicUrl: z
    .union([
      baseUrl.transform((url) => ({ upload: `${url}/webhook`, api: `${url}/api/v1` })),
      z.strictObject({ upload: baseUrl.optional(), api: baseUrl.optional() }),
    ])
    .optional(),
  requireHttps: z.boolean().default(false),
  eventTypes,
  upload: uploadField,
  formats: z.array(z.string().min(1)).max(50).default([]),
  analysis: analysisField,
  delivery: z
    .strictObject({
      retryDelays: retryDelaysField.default('default'),
      timeoutMs: positive.max(120_000).default(10_000),
      concurrency: positive.max(10_000).default(64),
      perSubscription: positive.max(1_000).default(8),
      allowLoopback: z.union([z.boolean(), z.array(positive.max(65_535))]).default(false),
      signature: signatureField.default('standard'),
      signatureHeaders: signatureHeadersBySchemeField.default({}),
      breaker: z
        .strictObject({
          failures: positive.default(10),
          openMs: positive.max(day).default(30_000),
          maxOpenMs: positive.max(day).default(300_000),
        })
        .or(z.literal(false))
        .prefault({}),
      failing: patience(5 * 60_000, 4),
      disable: patience(5 * day, 20)
        .or(z.literal(false))
        .prefault({}),
      proxy: z
        .url({ protocol: /^http$/, abort: true })
        .refine((url) => /^\w+:\/\/[^/?#]+\/?$/.test(url), 'is http://user:password@host:port, and no more')
        .nullable()
        .default(null),
    })
    .prefault({}),
  channels: z
    .array(instance<Channel>('a channel, as defineChannel makes one'))
    .max(50)
    .refine(
      (list) => new Set(list.map(({ name }) => name)).size === list.length,
      'must have names of their own',
    )
    .default([])
    .transform((list) => list.map(defineChannel)),
  hooks: instance<Hooks>('an object of hooks').default({}),
  limits: z
    .strictObject({
      contracts: positive.default(10_000),
      monitors: positive.default(10_000),
      subscriptions: positive.default(1_000),
      messageBytes: positive.max(16 * 1024 * 1024).default(256 * 1024),
    })
    .prefault({}),
  retention: retentionField,
  logger: instance<Logger>(
    'a logger with debug, info, warn and error',
    'debug',
    'info',
    'warn',
    'error',
  ).optional(),
  clock: instance<Clock>('a clock with now and wait', 'now', 'wait').default(systemClock),
})

export type Settings = z.output<typeof schema>

/**
 * The options with their defaults.
 * @throws DrifthookError `OPTION_INVALID` naming each fault and its path
 */
export function parseOptions(options: DrifthookOptions): Settings {
  const outcome = schema.safeParse(options)
  if (!outcome.success) {
    throw optionInvalid(
      outcome.error.issues.map((issue) => ({
        path: issue.path.join('.'),
        code: issue.code,
        message: issue.message,
      })),
    )
  }
  if (outcome.data.delivery.allowLoopback === true && process.env.NODE_ENV === 'production') {
    const message = 'true is refused in production; list the ports of the loopback receivers you mean'
    throw optionInvalid([{ path: 'delivery.allowLoopback', code: 'unsafe', message }])
  }
  return outcome.data
}

/** One sentence over all faults, for the developer who reads it in a terminal. */
export const optionInvalid = (errors: { path: string; code: string; message: string }[]): DrifthookError =>
  new DrifthookError(
    'OPTION_INVALID',
    `createDrifthook: ${errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')}`,
    { errors },
  )
