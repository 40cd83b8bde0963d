import { defineConfig } from 'vitest/config'

/** From a file or a message to a receiver, and what its owner sees of it. */
const endToEnd = ['test/e2e/{combinations,walking-skeleton,lifecycle,races,replay-restart}.test.ts']

/** What an owner does with webhooks and jobs. Nobody waits for wake-ups here, so one queue says it all. */
const overHttp = ['test/http/{webhook-{channels,lifecycle,redeliver,replay,rotation,test-send},jobs}.test.ts']

/**
 * The end-to-end suite on each supported pair of storage and queue. On memory all of it runs in `npm test`, and what is
 * over HTTP runs there on SQLite too.
 */
const combinations: [name: string, include: string[]][] = [
  ['sqlite + memory', endToEnd],
  ['postgres + memory', [...endToEnd, ...overHttp]],
  ['postgres + graphile', endToEnd],
  ['postgres + bullmq', endToEnd],
  ['redis + memory', [...endToEnd, ...overHttp]],
  ['redis + bullmq', endToEnd],
]

export default defineConfig({
  test: {
    root: '.',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 3,
    // The files share no state, and loading all of drifthook anew for each of them takes as long as running it.
    isolate: false,
    globalSetup: 'test/tools/combination-servers.ts',
    projects: combinations.map(([name, include]) => ({
      extends: true,
      test: { name, include, env: { DRIFTHOOK_COMBINATION: name } },
    })),
  },
})
