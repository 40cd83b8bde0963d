/** Channels that send for themselves: the host's function, under the deadline of every attempt. */
import type { OutboundResult } from '../../ports/transport.js'
import type { SendVerdict } from '../channels/channel.js'

/**
 * Runs the sending function of a channel. Never rejects: one that throws, or takes longer than an attempt may,
 * is a failed attempt. At the deadline its signal is aborted, and it is waited for no longer.
 */
export async function underDeadline(
  // biome-ignore lint/suspicious/noConfusingVoidType: what a function that says nothing returns
  send: (signal: AbortSignal) => Promise<SendVerdict | void>,
  timeoutMs: number,
): Promise<{ result: OutboundResult; verdict: SendVerdict }> {
  const startedAt = performance.now()
  const deadline = new AbortController()
  const late = new Promise<SendVerdict>((resolve) => {
    deadline.signal.addEventListener('abort', () =>
      resolve({ status: 'failed', message: 'timeout: The channel took too long.' }),
    )
  })
  const timer = setTimeout(() => deadline.abort(), timeoutMs)
  const told = send(deadline.signal).then((verdict) => verdict ?? ({ status: 'delivered' } as const), failure)
  const verdict = await Promise.race([told, late])
  clearTimeout(timer)
  const timings = { total: Math.round(performance.now() - startedAt) }
  return { result: { status: null, headers: {}, body: null, timings, failure: null }, verdict }
}

/** What the function threw, in its own words: the host's code speaks, not a receiver. */
const failure = (error: unknown): SendVerdict => ({
  status: 'failed',
  message: `channel_failed: ${error instanceof Error ? error.message.slice(0, 500) : 'The channel threw.'}`,
})
