import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'

interface Sample {
  deliveries: number
  failed: number
  /** Bytes in use after a full garbage collection. */
  heap: number
}

/** Bytes, between the first and the last quarter. What compilation and caches still move is a third of it. */
const bound = 2 ** 20

/** In a process of its own, from the built package: a test runner's heap says nothing of ours. */
function soak(storage: string, deliveries: number): Sample[] {
  const program = join(import.meta.dirname, '../bench/soak.js')
  const args = [program, `--storage=${storage}`, `--deliveries=${deliveries}`, '--json']
  const said = execFileSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const samples: Sample[] = JSON.parse(said)
  console.table(samples)
  expect(samples.at(-1)).toMatchObject({ deliveries, failed: deliveries / 2 })
  return samples
}

function growth(samples: Sample[]): number {
  const quarter = Math.floor(samples.length / 4)
  const mean = (some: Sample[]) => some.reduce((sum, { heap }) => sum + heap, 0) / some.length
  return mean(samples.slice(-quarter)) - mean(samples.slice(0, quarter))
}

it('a process keeps less than 14 bytes of each of 100,000 deliveries, half of them failed', () => {
  expect(growth(soak('sqlite', 100_000))).toBeLessThan(bound)
})

it('what is kept shows: the memory storage keeps all of a tenth as many', () => {
  expect(growth(soak('memory', 9_600))).toBeGreaterThan(bound)
})
