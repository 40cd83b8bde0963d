/** What must be true of a run, each sentence by itself. */
import { Webhook } from 'standardwebhooks'
import { retell } from './retelling.js'

/**
 * @typedef {object} Checked
 * @property {string} id
 * @property {string} says
 * @property {string[]} faults none: it is true
 *
 * @typedef {object} Figures
 * @property {number} deliveries
 * @property {number} arrivals
 * @property {number} kills
 * @property {Record<string, number>} points at which they died, and how often
 * @property {number} droppedWakeUps
 * @property {number} lost deliveries of committed messages that never reached their receiver
 * @property {number} duplicates receivers accepted a delivery once more
 *
 * @typedef {import('./evidence.js').Evidence} Evidence
 * @typedef {import('./retelling.js').Story} Story
 */

/**
 * @param {Evidence} evidence
 * @returns {{ checks: Checked[], figures: Figures }}
 */
export function judge(evidence) {
  const story = retell(evidence)
  return {
    checks: sentences.map(({ id, says, faultsOf }) => ({ id, says, faults: faultsOf(evidence, story) })),
    figures: story.figures,
  }
}

/** @type {{ id: string, says: string, faultsOf: (evidence: Evidence, story: Story) => string[] }[]} */
const sentences = [
  {
    id: 'arrived',
    says: 'every message whose publishing was answered is stored, and reached each of its receivers',
    faultsOf: ({ published }, { messages, webhooksOf, deliveryOf, accepted }) =>
      published.flatMap(({ message, id }) => {
        if (!messages.has(id)) return [`message ${id} (${message.n}) is not stored`]
        return webhooksOf(message.tenant).flatMap((webhook) => {
          const delivery = deliveryOf(id, webhook.id)
          const arrived = delivery !== undefined && accepted.has(delivery.id)
          return arrived ? [] : [`message ${id} (${message.n}) did not reach ${webhook.id}`]
        })
      }),
  },
  {
    id: 'complete',
    says: 'every stored message of ours, answered or not, has one delivery for each receiver, those made by jobs too',
    faultsOf: ({ records }, { webhooksOf, deliveriesOf }) =>
      records.messages.flatMap(({ id, tenantId, type }) => {
        // What drifthook itself tells of its webhooks nobody asked for here.
        if (type.startsWith('subscription.')) return []
        const wanted = webhooksOf(tenantId)
          .map((webhook) => webhook.id)
          .sort()
        const made = (deliveriesOf.get(id) ?? []).map(({ subscriptionId }) => subscriptionId).sort()
        return String(made) === String(wanted)
          ? []
          : [`message ${id} has ${made.length} deliveries of ${wanted.length}`]
      }),
  },
  {
    id: 'ended',
    says: 'every delivery ended as delivered, and every job as done',
    faultsOf: ({ records, quiet }) => [
      ...(quiet ? [] : ['work was left when patience ended']),
      ...records.deliveries
        .filter(({ status, completedAt }) => status !== 'delivered' || completedAt === null)
        .map(
          ({ id, status, failureReason, claims }) =>
            `${id} is ${status} (${failureReason}, ${claims} claims)`,
        ),
      ...records.jobs
        .filter(({ status }) => status !== 'done')
        .map(({ id, kind, status, claims }) => `${kind} ${id} is ${status} (${claims} claims)`),
    ],
  },
  {
    id: 'rest',
    says: 'nothing is leased or due, as the records, the database itself, the API and a fresh process say',
    faultsOf: ({ records, unfinished, pending, takenUp }) => [
      ...[...records.deliveries, ...records.jobs]
        .filter(({ leaseUntil, dueAt }) => leaseUntil !== null || dueAt !== null)
        .map(({ id, leaseUntil, dueAt }) => `${id} is due ${dueAt}, leased until ${leaseUntil}`),
      ...(unfinished === 0 ? [] : [`the database has ${unfinished} unfinished rows`]),
      ...(pending === 0 ? [] : [`the API lists ${pending} pending deliveries`]),
      ...(takenUp === 0 ? [] : [`a fresh process found ${takenUp} deliveries to make`]),
    ],
  },
  {
    id: 'leases',
    says: 'nothing is claimed while another holds its lease, nor after its end was recorded',
    faultsOf: (_, { claimFaults }) => claimFaults,
  },
  {
    id: 'duplicates',
    says: 'a receiver accepts a delivery twice only where its sender died, timed out or lost its lease before it was recorded',
    faultsOf: (_, { unexplained }) => unexplained,
  },
  {
    id: 'log',
    says: 'the attempts on record are those that were counted, the last one succeeded, and its receiver had accepted it',
    faultsOf: ({ records }, { attemptsOf, accepted }) =>
      records.deliveries.flatMap(({ id, status, attemptCount }) => {
        const attempts = [...(attemptsOf.get(id) ?? [])].sort((a, b) => a.number - b.number)
        const numbers = attempts.map(({ number }) => number)
        const wanted = Array.from({ length: attemptCount }, (_, n) => n + 1)
        if (String(numbers) !== String(wanted))
          return [`${id} counts ${attemptCount} attempts and has ${numbers}`]
        if (status !== 'delivered') return []
        const succeeded = attempts.filter((attempt) => attempt.succeeded)
        if (succeeded.length !== 1 || attempts.at(-1)?.succeeded !== true)
          return [`${id} has ${succeeded.length} attempts that succeeded, of ${attempts.length}`]
        return accepted.has(id) ? [] : [`${id} is delivered and its receiver never accepted it`]
      }),
  },
  {
    id: 'keys',
    says: 'an idempotency key made one message, however often it was published',
    faultsOf: ({ published }, { messagesByKey }) =>
      published
        .filter(({ message }) => message.keyed)
        .map(({ message: { n } }) => ({ n, ids: messagesByKey.get(n) ?? new Set() }))
        .filter(({ ids }) => ids.size !== 1)
        .map(({ n, ids }) => `key ${n} made ${ids.size} messages: ${[...ids]}`),
  },
  {
    id: 'signed',
    says: "every request is signed with its receiver's secret, and carries what was published",
    faultsOf: ({ arrivals, webhooks }, { messages }) => {
      const signers = new Map(webhooks.map(({ id, secret }) => [id, new Webhook(secret)]))
      return arrivals.flatMap(({ webhookId, messageId, request: { headers, body } }) => {
        const id = String(headers['webhook-id'])
        // The clocks of a run are fast, and the library's own `verify` goes by the machine's.
        const at = new Date(Number(headers['webhook-timestamp']) * 1_000)
        const wanted = signers.get(webhookId)?.sign(id, at, body.toString())
        const carried = String(headers['webhook-signature']).split(' ')
        const signed = wanted !== undefined && carried.includes(wanted) && id === messageId
        return signed && messages.has(messageId) ? [] : [`a request of ${messageId} to ${webhookId}`]
      })
    },
  },
  {
    id: 'hands',
    says: 'no process ended by itself, all ended when they were asked to, and publishing always went on',
    faultsOf: ({ lives, errors }) => [
      ...errors,
      ...lives.flatMap(({ life: { name, death } }) =>
        death === null || death.how === 'SIGKILL' || death.how === 'exit code 0'
          ? []
          : [`${name} ended with ${death.how}`],
      ),
    ],
  },
  {
    id: 'plan',
    says: 'as many kills and deliveries took place as were planned',
    faultsOf: ({ plan: { size }, records }, { figures: { kills } }) => [
      ...(kills >= size.kills ? [] : [`${kills} kills of ${size.kills}`]),
      ...(records.deliveries.length >= size.deliveries
        ? []
        : [`${records.deliveries.length} deliveries of ${size.deliveries}`]),
    ],
  },
]
