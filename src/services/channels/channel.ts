/**
 * A channel: the way a subscription is told. `webhook` is the envelope every receiver gets; Slack and Teams want a
 * shape of their own; a host adds others, such as e-mail through its own mailer.
 */
import { DrifthookError } from '../../errors.js'

/** What a channel is told of a message: stored facts only, so that rendering it again gives the same bytes. */
export interface ChannelMessage {
  /** `drift.detected`, `ping`, `contact.created` … */
  type: string
  /** RFC 3339, in UTC. */
  createdAt: string
  messageId: string
  deliveryId: string
  webhookId: string
  webhookName: string
  /** The message's `data`, parsed, with the names of the wire. */
  data: unknown
}

/** The body of one HTTP POST. */
export interface RenderedBody {
  contentType: string
  body: Uint8Array
}

/** What came of a send. `permanent`: trying again is of no use. */
export type SendVerdict =
  | { status: 'delivered' }
  | { status: 'failed'; permanent?: boolean; retryAfterSeconds?: number; message: string }

/** What a receiver answered. */
export interface ChannelAnswer {
  status: number
  /** The first 2 KiB. */
  body: Uint8Array
  /** Names in lower case. */
  headers: Record<string, string>
}

export interface ChannelSendContext {
  /** The subscription's `url`. */
  target: string
  /** The subscription's signing secrets, for a channel that signs. */
  secrets: readonly string[]
  /** Aborted when the attempt's time is up. */
  signal: AbortSignal
}

/** Either renders what drifthook then sends (`render`), or sends by itself (`send`). */
export interface Channel {
  /** What a subscription's `channel` says: lower-case letters, digits and `-`, at most 32. */
  name: string
  /**
   * The fault of a target, as a sentence; null: fine. A channel that renders is called at an HTTPS URL, which
   * the address guard judges besides.
   */
  refusal?(target: string): string | null
  /** The body that is signed and POSTed to the subscription's URL. The same message gives the same bytes. */
  render?(message: ChannelMessage): RenderedBody | Promise<RenderedBody>
  /** Sends it. Nothing returned: delivered. What it throws is a failure that is tried again. */
  // biome-ignore lint/suspicious/noConfusingVoidType: what a function that says nothing returns
  send?(message: ChannelMessage, context: ChannelSendContext): Promise<SendVerdict | void>
  /** Reads the answer to what `render` made; null: judged as any webhook's, where 2xx is success. */
  judge?(answer: ChannelAnswer): SendVerdict | null
  /** At most one request to a target in so many milliseconds. */
  minIntervalMs?: number
}

/** The names that mean drifthook's own channels. */
export const builtInNames = ['webhook', 'slack', 'teams'] as const
export type BuiltInName = (typeof builtInNames)[number]

/**
 * Checks a channel of the host's own, for the option `channels`.
 * @throws DrifthookError `OPTION_INVALID` for a name that is taken or cannot be one, and for a channel that has
 *   neither or both of `render` and `send`
 */
export function defineChannel(channel: Channel): Channel {
  const fault = faultOf(channel)
  if (fault === null) return channel
  throw new DrifthookError('OPTION_INVALID', `defineChannel: ${fault}`)
}

function faultOf({ name, refusal, render, send, judge, minIntervalMs }: Channel): string | null {
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]{0,31}$/.test(name))
    return `not a name for a channel: ${JSON.stringify(name)}; lower-case letters, digits and "-", at most 32`
  if ((builtInNames as readonly string[]).includes(name)) return `the name ${name} is drifthook's own`
  const wrong = Object.entries({ refusal, render, send, judge }).find(
    ([, value]) => value !== undefined && typeof value !== 'function',
  )
  if (wrong) return `${name}: \`${wrong[0]}\` must be a function`
  if ((render === undefined) === (send === undefined))
    return `${name}: a channel either renders (\`render\`) or sends by itself (\`send\`)`
  if (judge !== undefined && send !== undefined)
    return `${name}: \`judge\` reads the answer to what \`render\` made; \`send\` returns its own verdict`
  if (minIntervalMs !== undefined && !(Number.isSafeInteger(minIntervalMs) && minIntervalMs >= 0))
    return `${name}: \`minIntervalMs\` must be a whole number of milliseconds`
  return null
}
