// What a subscriber does: verify the bytes, answer at once, act later.
import { verify } from 'drifthook/signing'

/** @typedef {{ verified: boolean, reason: string | null, body: any, headers: import('node:http').IncomingHttpHeaders }} Told */

/** @typedef {ReturnType<typeof createReceiver>} Receiver */

export function createReceiver() {
  /** @type {string[]} */
  const secrets = []
  /** @type {Told[]} */
  const told = []
  /** @type {Set<() => void>} */
  const waiting = new Set()

  return {
    /** @param {string} secret */
    trust(secret) {
      secrets.push(secret)
    },

    /**
     * @param {import('express').Request} request
     * @param {import('express').Response} response
     */
    handler(request, response) {
      const verdict = verify({ headers: request.headers, body: request.body, secrets })
      response.status(verdict.ok ? 204 : 401).end()
      const body = JSON.parse(request.body.toString())
      told.push({
        verified: verdict.ok,
        reason: verdict.ok ? null : verdict.reason,
        body,
        headers: request.headers,
      })
      for (const look of waiting) look()
    },

    /**
     * The first webhook about an event, or null if none comes in time.
     * @param {number} eventId
     * @param {number} timeoutMs
     * @returns {Promise<Told | null>}
     */
    about(eventId, timeoutMs) {
      return new Promise((resolve) => {
        const end = (/** @type {Told | null} */ found) => {
          clearTimeout(timer)
          waiting.delete(look)
          resolve(found)
        }
        const look = () => {
          const found = told.find(({ body }) => body.data.event_id === eventId)
          if (found !== undefined) end(found)
        }
        const timer = setTimeout(() => end(null), timeoutMs)
        waiting.add(look)
        look()
      })
    },
  }
}
