/** Attacks on upload endpoints, published and not, each followed by an upload like any other. */
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDescriptors, type UploadTarget, until, uploadTarget } from '../support/upload-target.js'
import { advisories } from './hostile/advisories.js'
import type { Attack } from './hostile/attack.js'
import { hostileBodies } from './hostile/bodies.js'
import { hostileContents } from './hostile/contents.js'
import { attack, bystander, largeBystander } from './hostile/replay.js'
import { hostileRequests } from './hostile/requests.js'
import { advisoryRows } from './hostile/table.js'

const named = <A extends Attack>(attacks: readonly A[]) => attacks.map((each) => [each.name, each] as const)
const everything: readonly Attack[] = [
  ...advisories,
  ...hostileContents,
  ...hostileRequests,
  ...hostileBodies,
]

describe('an attack', { timeout: 120_000 }, () => {
  let target: UploadTarget
  const inherited = Object.getOwnPropertyNames(Object.prototype)
  beforeAll(async () => {
    target = await uploadTarget()
  })
  afterAll(async () => {
    await largeBystander(target)
    await target.close()
  })

  const survives = async (what: Attack) => {
    await attack(target, what)
    await bystander(target)
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(inherited)
  }

  describe('that was published', () => {
    it.each(advisories.map((each) => [each.number, each.name, each] as const))(
      '%s: %s',
      (_number, _name, each) => survives(each),
    )
  })
  describe('by a file', () => {
    it.each(named(hostileContents))('%s', (_name, each) => survives(each))
  })
  describe('by the body of a management request', () => {
    it.each(named(hostileBodies))('%s', (_name, each) => survives(each))
  })
  describe('by a request', () => {
    it.each(named(hostileRequests))('%s', (_name, each) => survives(each))
  })
})

describe('all of them together', { timeout: 180_000 }, () => {
  it('leave nothing, again and again, on one server', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const target = await uploadTarget()
    const round = async () => {
      for (const each of everything) await attack(target, { ...each, times: 1 })
      await largeBystander(target)
    }
    /** What was let go of is swept in the background, so it is asked for more than once. */
    const inUse = async () => {
      let least = Number.POSITIVE_INFINITY
      for (let n = 0; n < 5; n++) {
        collect()
        await new Promise(setImmediate)
        const { heapUsed, arrayBuffers } = process.memoryUsage()
        least = Math.min(least, heapUsed + arrayBuffers)
      }
      return least
    }
    try {
      await round()
      await round()
      const before = { bytes: await inUse(), descriptors: await openDescriptors() }
      await round()
      await until('no descriptor is open that was not', async () =>
        (await openDescriptors()) <= before.descriptors + 2 ? true : undefined,
      )
      // A round sends over 30 MiB; what is kept of them are events and their reports.
      await until('the memory is free again', async () =>
        (await inUse()) - before.bytes < 8 * 1024 * 1024 ? true : undefined,
      )
    } finally {
      await target.close()
    }
  })
})

it('the reference has a row for every advisory', () => {
  const page = readFileSync(new URL('../../docs/reference/hostile-uploads.md', import.meta.url), 'utf8')
  expect(page.split('\n').filter((line) => /^\| (CVE|GHSA)-/.test(line))).toEqual(advisoryRows)
})
