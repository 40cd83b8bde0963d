/** Microsoft Teams: workflows ("when a webhook request is received") and the classic connectors before them. */
import { teamsMessage } from '../../diff/render/teams.js'
import type { Channel } from './channel.js'
import { messageCard } from './message-card.js'
import { failedBy } from './verdict.js'

/** Domains below which each tenant or region has hosts of its own. */
export const teamsDomains: readonly string[] = [
  'webhook.office.com',
  'logic.azure.com',
  'api.powerplatform.com',
]

/** Classic connectors answer 200 and say in the text what Teams really answered. */
const connectorFailure = /^Webhook message delivery failed with error/i
const innerStatus = /\bHTTP error ([1-5]\d\d)\b/

export const teams: Channel = {
  name: 'teams',

  render: (message) => ({
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify(teamsMessage(messageCard(message)))),
  }),

  judge(answer) {
    const { status } = answer
    const text = Buffer.from(answer.body).toString().trim()
    if (status < 200 || status > 299) return failedBy(status, answer, `Teams answered ${status}.`)
    if (!connectorFailure.test(text)) return { status: 'delivered' }
    const inner = innerStatus.exec(text)?.[1]
    if (inner === undefined) return failedBy(status, answer, 'Teams could not be reached by its connector.')
    return failedBy(Number(inner), answer, `Teams answered ${inner} to its connector.`)
  },

  // Four requests a second, after which a connector is throttled.
  minIntervalMs: 250,
}
