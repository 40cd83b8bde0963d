import { defineConfig } from 'vitest/config'

/** What has no state to share: nothing is gained by loading the diff core anew for every file. */
const pure = ['test/unit/{diff,signing}/**/*.test.ts']

export default defineConfig({
  test: {
    root: '.',
    testTimeout: 20_000,
    // A few processes, however many cores there are: the suites start servers and worker threads of their own, and
    // some of them mostly wait.
    maxWorkers: 3,
    projects: [
      { extends: true, test: { name: 'pure', include: pure, isolate: false } },
      {
        extends: true,
        test: { name: 'all else', include: ['test/{unit,http,conformance,e2e}/**/*.test.ts'], exclude: pure },
      },
    ],
  },
})
