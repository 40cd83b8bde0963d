/** The receivers of a run: they write down what arrives, and misbehave as the seed wants, until they are told to be good. */
import { setTimeout as sleep } from 'node:timers/promises'
import { receiver } from 'drifthook/testkit'
import { random } from './random.js'
import { timeoutMs } from './setting.js'

/**
 * @typedef {object} Arrival
 * @property {number} at by the machine's clock
 * @property {string} token of the attempt, as its process named it
 * @property {string} deliveryId
 * @property {string} messageId
 * @property {string} webhookId
 * @property {{ n: number, publication: number }} data
 * @property {boolean} accepted whether the answer was 2xx
 * @property {import('drifthook/testkit').ReceivedRequest} request
 */

/** Of 100 arrivals, so many are answered like this. */
const misbehaviour = /** @type {const} */ ([
  ['error', 8],
  ['overload', 2],
  ['reset', 5],
  ['hang', 4],
  // An answer that nobody waits for any more.
  ['late', 3],
  ['slow', 5],
])

/** From then on a delivery is always accepted. */
const misbehavedAt = 3

/** @param {number | string} seed */
export async function startReceiving(seed) {
  /** @type {Arrival[]} */
  const arrivals = []
  /** @type {Map<string, number>} */
  const counts = new Map()
  let good = false

  const to = await receiver({
    async respond(request) {
      const body = JSON.parse(request.body.toString())
      const { delivery_id: deliveryId, message_id: messageId, webhook_id: webhookId, data } = body
      const count = (counts.get(deliveryId) ?? 0) + 1
      counts.set(deliveryId, count)
      const token = String(request.headers.baggage).replace(/^attempt=/, '')
      const at = Date.now()
      /** @type {Arrival} */
      const arrival = { at, token, deliveryId, messageId, webhookId, data, accepted: false, request }
      arrivals.push(arrival)
      const answer =
        good || count > misbehavedAt ? 'accept' : draw(seed, `${data.n} ${request.path} ${count}`)
      if (answer === 'error') return { status: 500 }
      if (answer === 'overload') return { status: 503, headers: { 'retry-after': '1' } }
      if (answer === 'reset' || answer === 'hang') return answer
      if (answer === 'late') await sleep(timeoutMs + 100)
      if (answer === 'slow') await sleep(timeoutMs / 3)
      arrival.accepted = true
      return { status: 200 }
    },
  })

  return {
    arrivals,
    /** @param {number} n @returns {string} the n-th receiver's URL */
    url: (n) => to.url(`/${n}`),
    /** From now on everything is accepted. */
    beGood() {
      good = true
    },
    close: () => to.close(),
  }
}

/** @param {number | string} seed @param {string} about */
function draw(seed, about) {
  let at = random(seed, 'receiver', about).below(100)
  for (const [answer, part] of misbehaviour) {
    at -= part
    if (at < 0) return answer
  }
  return 'accept'
}

/** @typedef {Awaited<ReturnType<typeof startReceiving>>} Receiving */
