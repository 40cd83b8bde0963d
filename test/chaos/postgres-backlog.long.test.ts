/** A million deliveries wait: a claim looks at no more of them than with a hundred thousand. */
import { expect, it, onTestFinished } from 'vitest'
import { request } from '../../src/testkit/storage/harness.js'
import { claimStatements, planned } from '../conformance/postgres-plans.js'

it('a backlog of 1,000,000 is claimed from by few pages', async () => {
  const database = await planned()
  onTestFinished(() => database.end())
  await database.fill(1_000_000, 50)
  for (const { name, pages, sql } of claimStatements(database.claims)) {
    expect((await database.plan(sql)).pages, name).toBeLessThan(pages)
  }
  const claimed = new Set<string>()
  for (let claims = 0; claims < 100; claims++) {
    for (const { id } of await database.storage.claim('deliveries', request({ limit: 64, perLane: 1000 }))) {
      claimed.add(id)
    }
  }
  expect(claimed.size).toBe(6400)
  // What was claimed lies dead at the head of each lane until a vacuum: it must not be read again and again.
  for (const { name, pages, sql } of claimStatements(database.claims)) {
    expect((await database.plan(sql)).pages, name).toBeLessThan(2 * pages)
  }
})
