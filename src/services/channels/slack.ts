/** Slack's incoming webhooks, and what else takes their messages at a URL of its own. */
import { slackMessage } from '../../diff/render/slack.js'
import { parseUrl } from '../../url.js'
import type { Channel } from './channel.js'
import { messageCard } from './message-card.js'
import { failedBy } from './verdict.js'

export const slackHosts: readonly string[] = ['hooks.slack.com', 'hooks.slack-gov.com']

export const slack: Channel = {
  name: 'slack',

  refusal(target) {
    const { hostname = '', pathname = '' } = parseUrl(target) ?? {}
    // Workflow triggers live at the same host, but take the variables of their workflow and no message.
    return slackHosts.includes(hostname) && /^\/(workflows|triggers)\//.test(pathname)
      ? "This is a Slack workflow's trigger; create an incoming webhook, or choose the channel webhook."
      : null
  },

  render: (message) => ({
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify(slackMessage(messageCard(message)))),
  }),

  /**
   * Success is 200 with the text `ok`. Failures carry one short word, such as `invalid_blocks`, `no_service`,
   * `channel_is_archived` (Slack's guide to incoming webhooks, "Handling errors").
   */
  judge(answer) {
    const text = Buffer.from(answer.body).toString().trim()
    if (answer.status === 200 && text === 'ok') return { status: 'delivered' }
    const word = /^[a-z_]{1,60}$/.test(text) ? `: ${text}` : ''
    return failedBy(answer.status, answer, `Slack answered ${answer.status}${word}.`)
  },

  // Slack's rate limits: one message a second for each incoming webhook, with short bursts.
  minIntervalMs: 1_000,
}
