/** What receivers answer, and what each answer means by the contract of delivery. */
import fc from 'fast-check'
import type { SendVerdict } from '../../../src/index.js'
import type { Response } from '../../../src/testkit/receiver.js'

/** What an answer obliges drifthook to do. Written down here anew, so that it is not judged by itself. */
export interface Verdict {
  meaning: 'delivered' | 'retry' | 'permanent' | 'gone'
  /** How long to stay away at least, in milliseconds. */
  retryAfterMs: number
  /** Whether it counts as a failure for the circuit breaker. */
  down: boolean
}

export interface Answer {
  verdict: Verdict
  /** How long the receiver takes, by the fake clock. */
  slowMs: number
  /** What the host's own channel does. */
  channel: () => SendVerdict | undefined
  /** What the HTTP receiver does. */
  http: Response
}

const verdict = (meaning: Verdict['meaning'], down: boolean, retryAfterMs = 0): Verdict => ({
  ...{ meaning, down, retryAfterMs },
})
const failed = (more: object = {}) => ({ status: 'failed' as const, message: 'scripted', ...more })

const viaChannel = (verdict: Verdict, channel: Answer['channel'], slowMs = 0): Answer => ({
  ...{ verdict, channel, slowMs },
  http: { status: verdict.meaning === 'delivered' ? 200 : 500 },
})
const fails = (slowMs = 0) => viaChannel(verdict('retry', true), () => failed(), slowMs)

export const delivers = (slowMs = 0) =>
  viaChannel(verdict('delivered', false), () => ({ status: 'delivered' }), slowMs)
export const failsAlways: readonly Answer[] = [fails()]

const later = (seconds: number) =>
  viaChannel(verdict('retry', true, seconds * 1_000), () => failed({ retryAfterSeconds: seconds }))

/** Longer than the lease of a claim: its worker is slow, and another one takes over. */
const stallMs = 60_000

const channelAnswers = [
  delivers(),
  viaChannel(verdict('delivered', false), () => undefined),
  delivers(300),
  delivers(stallMs),
  fails(),
  fails(300),
  fails(stallMs),
  viaChannel(verdict('permanent', true), () => failed({ permanent: true })),
  later(1),
  later(90),
  later(200_000),
  viaChannel(verdict('retry', true), () => {
    throw new Error('thrown by the channel')
  }),
]

const overHttp = (status: number, meaning: Verdict['meaning'], headers = {}, retryAfterMs = 0): Answer => ({
  // Any answer but an overload or a fault of its own is a sign of life.
  verdict: verdict(meaning, status >= 500, retryAfterMs),
  ...{ slowMs: 0, channel: () => undefined, http: { status, headers } },
})
const breaksOff = (http: 'hang' | 'reset'): Answer => ({
  ...{ verdict: verdict('retry', true), slowMs: 0, channel: () => undefined, http },
})

const httpAnswers = [
  overHttp(200, 'delivered'),
  overHttp(204, 'delivered'),
  overHttp(301, 'retry', { location: '/elsewhere' }),
  overHttp(404, 'retry'),
  overHttp(410, 'gone'),
  overHttp(429, 'retry', { 'retry-after': '90' }, 90_000),
  overHttp(503, 'retry', { 'retry-after': '7' }, 7_000),
  // Heard only with the statuses that say "not now".
  overHttp(500, 'retry', { 'retry-after': '9999' }),
  breaksOff('reset'),
]
/** Takes the whole deadline, by the machine's own time: rare. */
const hangs = breaksOff('hang')

/** What a receiver answers from now on, over and over. */
export const scripts = {
  channel: fc.oneof(
    fc.array(fc.constantFrom(...channelAnswers), { minLength: 1, maxLength: 4 }),
    fc.constant(failsAlways),
  ),
  http: fc.array(
    fc.oneof(
      { arbitrary: fc.constantFrom(...httpAnswers), weight: 60 },
      { arbitrary: fc.constant(hangs), weight: 1 },
    ),
    { minLength: 1, maxLength: 4 },
  ),
}
