/** Servers for all files of a run: those that are there, or throwaway ones, whose addresses the files find. */
import { postgres, redis } from '../support/services.js'

export default async function setup() {
  const started: { close(): Promise<void> }[] = []
  if (process.env.DATABASE_URL === undefined) {
    const server = await postgres()
    process.env.DATABASE_URL = server.url
    started.push(server)
  }
  if (process.env.REDIS_URL === undefined) {
    const server = await redis()
    process.env.REDIS_URL = server.url
    started.push(server)
  }
  return async () => void (await Promise.all(started.map((server) => server.close())))
}
