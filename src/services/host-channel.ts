/** Channels that send for themselves: the host's function, under the deadline of every attempt. */
import type { OutboundResult } from '../ports/transport.js'
import type { Channel, ChannelMessage, SendVerdict } from './channels/channel.js'

interface Target {
  target: string
  secrets: readonly string[]
  timeoutMs: number
}

/**
 * Calls the function of a channel. Never rejects: a function that throws, or takes longer than an attempt may,
 * is a failed attempt, and its `signal` is aborted.
 */
export async function sendItself(
  send: NonNullable<Channel['send']>,
  message: ChannelMessage,
  { target, secrets, timeoutMs }: Target,
): Promise<{ result: OutboundResult; verdict: SendVerdict }> {
  const startedAt = performance.now()
  const signal = AbortSignal.timeout(timeoutMs)
  const late = new Promise<SendVerdict>((resolve) => {
    signal.addEventListener('abort', () => resolve({ status: 'failed', message: 'timeout: The channel took too long.' }))
  })
  const told = (async () => (await send(message, { target, secrets, signal })) ?? ({ status: 'delivered' } as const))()
  const verdict = await Promise.race([told.catch(failure), late])
  const timings = { total: Math.round(performance.now() - startedAt) }
  return { result: { status: null, headers: {}, body: null, timings, failure: null }, verdict }
}

/** What the function threw, in its own words: the host's code, not a receiver's. */
const failure = (error: unknown): SendVerdict => ({
  status: 'failed',
  message: `channel_failed: ${error instanceof Error ? error.message.slice(0, 500) : 'The channel threw.'}`,
})
