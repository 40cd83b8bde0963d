import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'

interface Sample {
  deliveries: number
  failed: number
  /** Bytes in use after a full garbage collection. */
  heap: number
}

const deliveries = 100_000

/**
 * Between the first and the last quarter, in bytes: fewer than 14 for each delivery, less than a reference and a
 * number. What compilation and caches still move is a third of it.
 */
const growth = 2 ** 20

/** In a process of its own, from the built package: a test runner's heap says nothing of ours. */
it('a process keeps nothing of 100,000 deliveries, half of them failed', () => {
  const program = join(import.meta.dirname, '../bench/soak.js')
  const said = execFileSync(process.execPath, [program, `--deliveries=${deliveries}`, '--json'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const samples: Sample[] = JSON.parse(said)
  console.table(samples)
  const last = samples.at(-1)
  expect(last?.deliveries).toBeGreaterThanOrEqual(deliveries)
  expect(last?.failed).toBe((last?.deliveries ?? 0) / 2)

  const quarter = Math.floor(samples.length / 4)
  const mean = (some: Sample[]) => some.reduce((sum, { heap }) => sum + heap, 0) / some.length
  expect(mean(samples.slice(-quarter)) - mean(samples.slice(0, quarter))).toBeLessThan(growth)
})
