/** Publishes by HTTP, as hosts' own callers do: again and again until it is told that it is done. */
import { setTimeout as sleep } from 'node:timers/promises'
import { tenantHeader } from './setting.js'

/**
 * @typedef {object} Published
 * @property {import('./plan.js').PlannedMessage} message
 * @property {number} publication which one of the tries that were no repetitions: without a key each is another message
 * @property {string} id of the message, as the 201 said
 */

const pauseMs = 50
const answerMs = 5_000
const deadlineMs = 120_000

/** @param {import('./fleet.js').Fleet} fleet */
export function startPublisher({ apis }) {
  let turn = 0

  /**
   * One request to the next process that publishes; null if its answer did not come.
   * @param {string} tenant
   * @param {string} path
   * @param {{ method?: string, body?: unknown, headers?: Record<string, string> }} request
   */
  async function ask(tenant, path, { method = 'POST', body, headers = {} }) {
    const slot = apis[turn++ % apis.length]
    if (slot === undefined) throw new Error('there is nobody to publish')
    try {
      const port = await Promise.race([slot.ready, sleep(1_000, null)])
      if (port === null || port === 0) return null
      const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
        method,
        headers: { [tenantHeader]: tenant, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(answerMs),
      })
      return { status: response.status, body: /** @type {Record<string, unknown>} */ (await response.json()) }
    } catch {
      return null
    }
  }

  return {
    /**
     * @param {import('./plan.js').PlannedMessage} message
     * @returns {Promise<Published>}
     */
    async publish(message) {
      const { n, tenant, type, keyed } = message
      const headers = keyed ? { 'idempotency-key': `order-${n}` } : {}
      const until = Date.now() + deadlineMs
      for (let attempt = 0; Date.now() < until; attempt++) {
        const publication = keyed ? 0 : attempt
        const answer = await ask(tenant, '/messages', {
          body: { type, data: { n, publication } },
          headers: /** @type {Record<string, string>} */ (headers),
        })
        if (answer?.status === 201) return { message, publication, id: String(answer.body.id) }
        // 503: the storage cannot be reached; all else is nothing that another try would mend.
        if (answer !== null && answer.status !== 503) throw new Error(`refused: ${JSON.stringify(answer)}`)
        await sleep(pauseMs)
      }
      throw new Error(`message ${n} could not be published in ${deadlineMs} ms`)
    },

    /**
     * Asks until the answer has this status.
     * @param {string} tenant
     * @param {string} path
     * @param {number} status
     * @param {{ method?: string, body: unknown }} request
     */
    async insist(tenant, path, status, request) {
      const until = Date.now() + deadlineMs
      for (;;) {
        const answer = await ask(tenant, path, request)
        if (answer?.status === status) return answer.body
        if (Date.now() > until) throw new Error(`${path} was not done: ${JSON.stringify(answer)}`)
        await sleep(pauseMs)
      }
    },
  }
}

/** @typedef {ReturnType<typeof startPublisher>} Publisher */
