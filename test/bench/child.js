/** A server in a process of its own, so that it does not run on the event loop that is measured. */
import { fork } from 'node:child_process'
import { once } from 'node:events'

/**
 * @param {string} file beside this one; it sends `{ ready }` when it listens
 * @param {string[]} [args]
 */
export async function startChild(file, args = []) {
  const child = fork(new URL(file, import.meta.url), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${file} ended with ${code}`)
  })
  // Awaited only while an answer is; at the end it is expected.
  ended.catch(() => {})

  /** @returns {Promise<Record<string, unknown>>} */
  const next = async () => {
    const [message] = await Promise.race([once(child, 'message'), ended])
    return message
  }
  return {
    ready: await next(),
    /** @param {Record<string, unknown> | string} question */
    ask: (question) => {
      child.send(question)
      return next()
    },
    end: async () => {
      const exit = once(child, 'exit')
      child.disconnect()
      await exit
    },
  }
}
