import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: '.',
    include: ['test/{unit,http,conformance,e2e}/**/*.test.ts'],
    testTimeout: 20_000,
    // A few processes, however many cores there are: the suites start servers and worker threads of their own, and
    // some of them mostly wait.
    maxWorkers: 3,
  },
})
