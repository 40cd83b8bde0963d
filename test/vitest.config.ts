import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: '.',
    include: ['test/{unit,http,conformance,e2e}/**/*.test.ts'],
    testTimeout: 20_000,
    // Two processes at most: the suites start servers and worker threads of their own.
    maxWorkers: 2,
  },
})
