import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: '.',
    include: ['test/{chaos,fuzz}/**/*.long.test.ts'],
    testTimeout: 30 * 60_000,
    hookTimeout: 60_000,
    // These suites stop processes and load the machine: one at a time.
    fileParallelism: false,
  },
})
