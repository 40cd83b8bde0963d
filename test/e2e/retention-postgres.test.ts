/** A round of pruning on PostgreSQL, by two processes at once, beside deliveries that are made meanwhile. */
import { Pool } from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { postgresStorage } from '../../src/adapters/postgres/index.js'
import { fakeClock } from '../../src/testkit/fake-clock.js'
import { acme, testApp } from '../support/app.js'
import { historyOf } from '../support/retention.js'
import { postgres } from '../support/services.js'
import { receiving, subscribe } from '../support/webhooks.js'

const day = 24 * 3_600_000

it('old messages go, each once, and young ones are delivered', { timeout: 60_000 }, async () => {
  const server = await postgres()
  const pool = new Pool({ connectionString: server.url, max: 6 })
  const clock = fakeClock(Date.parse('2026-03-01T12:00:00Z'))
  const [first, second] = [1, 2].map(() => {
    const storage = postgresStorage({ pool, schema: server.schema })
    const secretKey = new Uint8Array(32).fill(7)
    return { storage, ...testApp({ storage, secretKey, clock, eventTypes: ['contact.created'] }), clock }
  })
  onTestFinished(async () => {
    await Promise.all([first, second].map((life) => life?.drifthook.stop({ drainMs: 0 })))
    await pool.end()
    await server.close()
  })
  if (first === undefined || second === undefined) throw new Error('two processes')
  const to = await receiving()
  await subscribe(first, to.url())
  const publish = (n: number) =>
    Promise.all(
      Array.from({ length: n }, (_, id) =>
        first.drifthook.messages.publish(acme, { type: 'contact.created', data: { id } }),
      ),
    )
  await publish(150)
  await Promise.all([first.drifthook.runDue(), second.drifthook.runDue()])
  expect(await historyOf(first.storage)).toMatchObject({ attempts: { length: 150 } })
  await clock.advance(31 * day)
  const young = new Set((await publish(20)).map(({ id }) => id))
  const worked = await Promise.all([first.drifthook.runDue(), second.drifthook.runDue()])
  expect(worked[0] + worked[1]).toBe(20)
  // Whoever found the other at it was done first.
  await Promise.all([first.drifthook.runDue(), second.drifthook.runDue()])
  const { messages, deliveries, attempts } = await historyOf(first.storage)
  expect(new Set(messages.map(({ id }) => id))).toEqual(young)
  expect([deliveries.length, attempts.length]).toEqual([20, 20])
  for (const table of ['message_bodies', 'attempt_details']) {
    const { rows } = await pool.query(`SELECT count(*)::int AS n FROM "${server.schema}"."${table}"`)
    expect(rows).toEqual([{ n: 20 }])
  }
})
