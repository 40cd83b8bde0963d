/** A million deliveries wait: a claim, or a page, looks at no more of them than with a hundred thousand. */
import { expect, it, onTestFinished } from 'vitest'
import type { Outcome } from '../../src/ports/storage.js'
import { request } from '../../src/testkit/storage/harness.js'
import {
  claimStatements,
  listStatements,
  planned,
  readsBesidesIndexes,
} from '../conformance/postgres-plans.js'

it('a backlog of 1,000,000 is claimed from by few pages', async () => {
  const database = await planned()
  onTestFinished(() => database.end())
  await database.fill(1_000_000, 50)
  for (const { name, pages, sql } of [
    ...claimStatements(database.claims),
    ...listStatements(database.dialect),
  ]) {
    const plan = await database.plan(sql)
    expect(readsBesidesIndexes(plan), name).toEqual([])
    expect(plan.pages, name).toBeLessThan(pages)
  }
  let ended = 0
  for (let claims = 0; claims < 100; claims++) {
    const held = await database.storage.claim('deliveries', request({ limit: 64 }))
    const outcomes = held.map(
      ({ tenantId, id, fence }): Outcome<'deliveries'> => ({
        kind: 'end',
        tenantId,
        id,
        fence,
        set: {},
        writes: [],
      }),
    )
    expect(await database.storage.settle('deliveries', outcomes)).toEqual(Array(64).fill('applied'))
    ended += held.length
  }
  // What was claimed lies dead at the head of each index until a vacuum: pages of it are passed, records are not.
  for (const { name, pages, sql } of claimStatements(database.claims)) {
    expect((await database.plan(sql)).pages, name).toBeLessThan(pages + ended / 50)
  }
})
