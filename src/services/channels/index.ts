/** The channels drifthook brings, and which of them a URL means. */

import { parseUrl } from '../../url.js'
import type { BuiltInName, Channel } from './channel.js'
import { slack, slackHosts } from './slack.js'
import { teams, teamsDomains } from './teams.js'

/** Beside `webhook`, which is no channel of this kind: its body is the envelope. */
export const builtInChannels: readonly Channel[] = Object.freeze([slack, teams])

/**
 * Which channel a URL means when the subscription does not say. By the parsed host name alone, so that no look-alike
 * (`hooks.slack.com.example`, `https://hooks.slack.com@example`) passes for one.
 */
export function channelOfUrl(url: string): BuiltInName {
  const hostname = parseUrl(url)?.hostname ?? ''
  if (slackHosts.includes(hostname)) return 'slack'
  return teamsDomains.some((domain) => hostname.endsWith(`.${domain}`)) ? 'teams' : 'webhook'
}
