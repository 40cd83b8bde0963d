import { defineConfig } from 'vitest/config'

/** The short runs of what breaks and of what is random: part of the check, too slow for every `npm test`. */
export default defineConfig({
  test: {
    root: '.',
    include: ['test/{chaos,fuzz}/**/*.test.ts'],
    exclude: ['**/*.long.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
})
