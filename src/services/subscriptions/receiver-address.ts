/** What of a receiver's URL and headers may be given, and what of them may be shown. */

import { parseUrl } from '../../url.js'
import { channelOfUrl } from '../channels/index.js'

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** Whether this is a header name (RFC 9110 §5.1). */
export const isHeaderName = (name: string): boolean => name.length <= 100 && token.test(name)

/** The headers of the message itself, its framing and its signature: not the subscriber's to set. */
const reserved = new Set([
  'accept-encoding',
  'connection',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
])
const reservedPrefixes = ['content-', 'proxy-', 'sec-', 'webhook-']

/** Whether drifthook or HTTP itself sets this header. */
export function reservedHeader(name: string): boolean {
  const lower = name.toLowerCase()
  return reserved.has(lower) || reservedPrefixes.some((prefix) => lower.startsWith(prefix))
}

/** Header values are credentials more often than not: only their names are shown. */
export const maskHeaders = (headers: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(Object.keys(headers).map((name) => [name, '***']))

/** Hosts whose URL path is the credential, beside those of the chats we know. */
const secretPaths = ['discord.com', 'discordapp.com']
/** Channels whose URL path is the credential at whatever host: Mattermost takes Slack's messages, too. */
const secretChannels = ['slack', 'teams']

/** A target as it may be shown: query values masked, and the path where it is the credential. */
export function shownUrl(target: string, channel = 'webhook'): string {
  // A channel of the host's own has targets of its own making: an address, a name.
  const shown = parseUrl(target)
  if (shown === null) return target
  for (const name of new Set(shown.searchParams.keys())) shown.searchParams.set(name, '***')
  const secret = secretPaths.some((host) => shown.hostname === host || shown.hostname.endsWith(`.${host}`))
  if (secret || [channel, channelOfUrl(target)].some((name) => secretChannels.includes(name)))
    shown.pathname = '/***'
  return shown.href
}
