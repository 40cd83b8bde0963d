/** What holds inside the host's own transaction whatever library it uses. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { graphileQueue } from '../../src/adapters/graphile/index.js'
import { fromPg, postgresStorage } from '../../src/adapters/postgres/index.js'
import type { HostTransaction, Principal, PublishEvent } from '../../src/index.js'
import { settle } from '../../src/testkit/settle.js'
import type { Logged } from '../support/app.js'
import { hostLibraries } from '../support/host-libraries.js'
import { noting, oneMessage, openShop, placed, plus, signal, transaction } from '../support/shop.js'
import { uniqueName } from '../support/ways.js'

const shop = openShop()

const statuses = async (app: typeof shop.app, principal: Principal, webhookId: string) =>
  (await app.drifthook.deliveries.list(principal, webhookId, {})).items.map(
    ({ status, failureReason }) => failureReason ?? status,
  )

describe('connections', () => {
  it('none is needed but the one of the transaction', async () => {
    const pool = shop.pool(1)
    const app = shop.another(pool)
    await app.drifthook.start({ runner: false })
    const { principal, to } = await shop.tenant(app)
    await transaction(pool, async (client) => {
      const { messages } = app.drifthook.withTransaction(fromPg(client))
      const key = { ...placed(), idempotencyKey: 'k' }
      const first = await messages.publish(principal, key)
      expect(await messages.publish(principal, key)).toEqual(first)
    })
    await settle(app.drifthook)
    expect(to.requests).toHaveLength(1)
  })

  it('the storage is opened by whoever publishes first, and closed to all after stop', async () => {
    const app = shop.another(shop.pool(2))
    const { principal } = await shop.tenant()
    const before = await shop.recorded(principal)
    await transaction(shop.pool(1), async (client) => {
      await app.drifthook.withTransaction(fromPg(client)).messages.publish(principal, placed())
      await app.drifthook.stop()
      const late = app.drifthook.withTransaction(fromPg(client)).messages.publish(principal, placed())
      await expect(late).rejects.toMatchObject({ code: 'STOPPED' })
    })
    expect(await shop.recorded(principal)).toEqual(plus(before, oneMessage))
  })

  it('a client that is in no transaction is told so by the server, and nothing is written', async () => {
    const { principal } = await shop.tenant()
    const before = await shop.recorded(principal)
    const client = await shop.pool(1).connect()
    onTestFinished(() => client.release())
    const published = shop.app.drifthook.withTransaction(fromPg(client)).messages.publish(principal, placed())
    await expect(published).rejects.toMatchObject({ code: '25P01' })
    expect(await shop.recorded(principal)).toEqual(before)
  })
})

describe('texts that no store keeps', () => {
  const bad = (host: HostTransaction, given: Partial<Principal>, input: object) =>
    shop.app.drifthook.withTransaction(host).messages.publish(
      { tenantId: 'acme', actor: 'shop', permissions: ['*'], ...given },
      {
        ...placed(),
        ...input,
      },
    )

  it.each([
    ['NUL in bytes', {}, { data: Buffer.from('{"a":"\0"}') }],
    ['half of a surrogate pair in bytes', {}, { data: Buffer.from('22eda08022', 'hex') }],
    ['bytes that are no UTF-8', {}, { data: Buffer.from('22ff22', 'hex') }],
    ['NUL in a type', {}, { type: 'order.placed\0' }],
    ['NUL in a key', {}, { idempotencyKey: 'k\0' }],
    ['half of a surrogate pair in a key', {}, { idempotencyKey: 'k\ud800' }],
    ['NUL in a tenant', { tenantId: 'a\0' }, {}],
    ['half of a surrogate pair in a tenant', { tenantId: 'a\udfff' }, { idempotencyKey: 'k' }],
    ['NUL in an actor', { actor: 'a\0' }, {}],
    ['half of a surrogate pair in an actor', { actor: '\ud800' }, { idempotencyKey: 'k' }],
  ])('%s: no statement is sent', async (_, principal, input) => {
    await transaction(shop.admin, async (client) => {
      const { host, statements } = noting(fromPg(client))
      await expect(bad(host, principal, input)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
      expect(statements).toEqual([])
      await bad(host, {}, {})
      expect(statements).not.toEqual([])
    })
  })
})

describe('a snapshot older than what others have done since', () => {
  const repeatable = 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1'

  it('decides who is told, and does not mislead those who come later', async () => {
    const { principal, to: old } = await shop.tenant()
    const { drifthook } = shop.app
    const { to: other } = await shop.tenant()
    await transaction(
      shop.admin,
      async (client) => {
        const { messages } = drifthook.withTransaction(fromPg(client))
        await drifthook.subscriptions.create(principal, { url: other.url('/new'), events: ['*'] })
        await drifthook.messages.publish(principal, placed('to both'))
        await messages.publish(principal, placed('to the old one'))
        await drifthook.messages.publish(principal, placed('to both'))
      },
      repeatable,
    )
    await drifthook.messages.publish(principal, placed('to both'))
    await settle(drifthook)
    const told = (requests: readonly { body: Buffer }[]) =>
      requests.map(({ body }) => JSON.parse(body.toString()).data.order).sort()
    expect(told(other.requests)).toEqual(['to both', 'to both', 'to both'])
    expect(told(old.requests)).toEqual(['to both', 'to both', 'to both', 'to the old one'])
  })

  it('what was changed by others is seen at once under READ COMMITTED', async () => {
    const { principal, to } = await shop.tenant()
    const { drifthook } = shop.app
    await transaction(shop.admin, async (client) => {
      const { messages } = drifthook.withTransaction(fromPg(client))
      await messages.publish(principal, placed())
      await drifthook.subscriptions.create(principal, { url: to.url('/new'), events: ['*'] })
      await messages.publish(principal, placed())
    })
    await settle(drifthook)
    expect(to.requests.map(({ path }) => path).sort()).toEqual(['/', '/', '/new'])
  })

  it('a receiver that is gone at the commit is told nothing', async () => {
    const { principal, to, webhookId } = await shop.tenant()
    const { drifthook } = shop.app
    const disabled = await drifthook.subscriptions.create(principal, { url: to.url('/b'), events: ['*'] })
    await transaction(shop.admin, async (client) => {
      await drifthook.withTransaction(fromPg(client)).messages.publish(principal, placed())
      await drifthook.subscriptions.delete(principal, webhookId)
      await drifthook.subscriptions.update(principal, disabled.id, { enabled: false })
      await settle(drifthook)
    })
    await settle(drifthook)
    expect(to.requests).toEqual([])
    expect(await statuses(shop.app, principal, disabled.id)).toEqual(['webhook_disabled'])
  })
})

describe('savepoints', () => {
  it('a savepoint of the host’s takes back what was published in it', async () => {
    const { principal } = await shop.tenant()
    const before = await shop.recorded(principal)
    await transaction(shop.admin, async (client) => {
      const { messages } = shop.app.drifthook.withTransaction(fromPg(client))
      await messages.publish(principal, placed('kept'))
      await client.query('SAVEPOINT drifthook_publish')
      await messages.publish(principal, placed('not kept'))
      await client.query('ROLLBACK TO SAVEPOINT drifthook_publish')
    })
    expect(await shop.recorded(principal)).toEqual(plus(before, oneMessage))
  })

  it('of a racer that rolls back, the other takes the key', async () => {
    const { principal } = await shop.tenant()
    const before = await shop.recorded(principal)
    const key = { ...placed(), idempotencyKey: 'k' }
    const published = signal()
    const first = transaction(shop.admin, async (client) => {
      await shop.app.drifthook.withTransaction(fromPg(client)).messages.publish(principal, key)
      published.give()
      // The other waits for this one's key by now, or soon.
      await client.query('SELECT pg_sleep(0.05)')
      throw new Error('rolled back')
    })
    await published.given
    const second = transaction(shop.admin, (client) =>
      shop.app.drifthook.withTransaction(fromPg(client)).messages.publish(principal, key),
    )
    await expect(first).rejects.toThrow('rolled back')
    const { id } = await second
    expect(await shop.recorded(principal)).toEqual(plus(before, { ...oneMessage, idempotencyKeys: 1 }))
    expect(await shop.app.drifthook.messages.publish(principal, key)).toMatchObject({ id })
  })
})

it('a message to very many leaves a job that makes the deliveries', async () => {
  const { principal, to, webhookId } = await shop.tenant()
  const { drifthook } = shop.app
  const columns = Object.keys(
    (await shop.admin.query(`SELECT * FROM ${shop.schema}.subscriptions WHERE id = $1`, [webhookId])).rows[0],
  )
  const copied = columns.map((name) => (name === 'id' ? `id || n` : `"${name}"`)).join(', ')
  await shop.admin.query(
    `INSERT INTO ${shop.schema}.subscriptions (${columns.map((name) => `"${name}"`).join(', ')})
      SELECT ${copied} FROM ${shop.schema}.subscriptions, generate_series(1, 500) AS n WHERE id = $1`,
    [webhookId],
  )
  const before = await shop.recorded(principal)
  await transaction(shop.admin, (client) =>
    drifthook.withTransaction(fromPg(client)).messages.publish(principal, placed()),
  )
  expect(await shop.recorded(principal)).toEqual(plus(before, { ...oneMessage, deliveries: 0, jobs: 1 }))
  await transaction(shop.admin, async (client) => {
    await drifthook.withTransaction(fromPg(client)).messages.publish(principal, placed())
    throw new Error('rolled back')
  }).catch(() => {})
  expect(await shop.recorded(principal)).toEqual(plus(before, { ...oneMessage, deliveries: 0, jobs: 1 }))
  await settle(drifthook)
  expect((await shop.recorded(principal)).deliveries).toBe(501)
  // The copies have no secret of their own; the one they are made of has.
  expect(to.requests).toHaveLength(1)
})

it('the publish hook is called, and its trace is kept', async () => {
  const events: PublishEvent[] = []
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const publish = (event: PublishEvent) => {
    events.push(event)
    return { traceparent }
  }
  const app = shop.another(shop.admin, { hooks: { publish } })
  const { principal } = await shop.tenant(app)
  const { id } = await transaction(shop.admin, (client) =>
    app.drifthook.withTransaction(fromPg(client)).messages.publish(principal, placed()),
  )
  expect(events).toMatchObject([{ messageId: id, type: 'order.placed', deliveryIds: [expect.any(String)] }])
  const { rows } = await shop.admin.query(`SELECT traceparent FROM ${shop.schema}.messages WHERE id = $1`, [
    id,
  ])
  expect(rows).toEqual([{ traceparent }])
})

it('a schema may be called what libraries take for placeholders', async () => {
  const schema = `${uniqueName()} "$1 ? ?? :x \${}`
  const quoted = `"${schema.replaceAll('"', '""')}"`
  onTestFinished(async () => void (await shop.admin.query(`DROP SCHEMA ${quoted} CASCADE`)))
  const app = shop.another(shop.admin, { storage: postgresStorage({ pool: shop.admin, schema }) })
  const { principal, to } = await shop.tenant(app)
  for (const open of Object.values(hostLibraries)) {
    const library = open(shop.url)
    await library.transaction(({ host }) =>
      app.drifthook.withTransaction(host).messages.publish(principal, placed()),
    )
    await library.close()
  }
  await settle(app.drifthook)
  expect(to.requests).toHaveLength(5)
})

/** What went wrong, but for the clock that stands still: it is not the storage's. */
const problemsOf = ({ logger }: { logger: { lines: Logged[] } }) =>
  logger.lines.filter(({ level, message }) => level !== 'info' && !message.startsWith('the clocks'))

describe('waking the runner', () => {
  /** Its clock stands still: nobody sweeps until a test moves it. */
  async function running(more: Parameters<typeof shop.another>[1] = {}) {
    const app = shop.another(shop.pool(6), more)
    await app.drifthook.start()
    const tenant = await shop.tenant(app)
    return { ...app, ...tenant }
  }
  const jobs = async (schema: string) =>
    Number((await shop.admin.query(`SELECT count(*) FROM ${schema}.jobs`)).rows[0].count)

  it('committed() does, and the sweep without it', async () => {
    const app = await running()
    const tx = await transaction(shop.admin, async (client) => {
      const tx = app.drifthook.withTransaction(fromPg(client))
      await tx.messages.publish(app.principal, placed())
      return tx
    })
    expect(app.to.requests).toEqual([])
    await tx.committed()
    await app.to.next()
    await transaction(shop.admin, (client) =>
      app.drifthook.withTransaction(fromPg(client)).messages.publish(app.principal, placed()),
    )
    expect(app.to.requests).toHaveLength(1)
    await app.clock.advance(1_000)
    await app.to.next()
  })

  it('committed() does no harm after a rollback', async () => {
    const app = await running()
    const client = await shop.admin.connect()
    await client.query('BEGIN')
    const tx = app.drifthook.withTransaction(fromPg(client))
    await tx.messages.publish(app.principal, placed())
    await client.query('ROLLBACK')
    client.release()
    await tx.committed()
    await app.drifthook.messages.publish(app.principal, placed('later'))
    expect(JSON.parse((await app.to.next()).body.toString()).data).toEqual({ order: 'later' })
    expect(problemsOf(app)).toEqual([])
  })

  it('graphile-worker does with the COMMIT itself, and never after a ROLLBACK', async () => {
    const schema = `${shop.schema}_graphile`
    onTestFinished(async () => void (await shop.admin.query(`DROP SCHEMA ${schema} CASCADE`)))
    const queue = graphileQueue({ pool: shop.pool(4), schema })
    const app = await running({ queue })
    // Nobody takes what is announced before the commit.
    const publish = async (work: (open: { host: HostTransaction }) => Promise<unknown>, name = 'pg') => {
      const library = (hostLibraries[name] ?? hostLibraries.pg!)(shop.url)
      await library.transaction(work).finally(() => library.close())
    }
    for (const name of Object.keys(hostLibraries)) {
      await publish(async ({ host }) => {
        await app.drifthook.withTransaction(host).messages.publish(app.principal, placed(name))
      }, name)
      expect(JSON.parse((await app.to.next()).body.toString()).data).toEqual({ order: name })
    }
    const before = await jobs(schema)
    const rolledBack = publish(async ({ host }) => {
      await app.drifthook.withTransaction(host).messages.publish(app.principal, placed())
      throw new Error('rolled back')
    })
    await expect(rolledBack).rejects.toThrow('rolled back')
    expect(await jobs(schema)).toBe(before)
    expect(app.to.requests).toHaveLength(5)
    expect(problemsOf(app)).toEqual([])
  })

  it('graphile-worker that is not there spoils nothing: committed() tells it', async () => {
    const schema = `${shop.schema}_moved`
    onTestFinished(async () => void (await shop.admin.query(`DROP SCHEMA ${schema} CASCADE`)))
    const queue = graphileQueue({ pool: shop.pool(4), schema })
    const app = await running({ queue })
    const before = await shop.recorded(app.principal)
    const tx = await transaction(shop.admin, async (client) => {
      const gone = noting(fromPg(client), (sql) =>
        sql.replace(`"${schema}".add_jobs`, `"${schema}".elsewhere`),
      )
      const tx = app.drifthook.withTransaction(gone.host)
      await tx.messages.publish(app.principal, placed())
      await client.query(shop.order(app.principal))
      return tx
    })
    expect(await shop.recorded(app.principal)).toEqual(plus(before, { ...oneMessage, orders: 1 }))
    expect(app.logger.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringContaining('inside the transaction') }),
    )
    expect(app.to.requests).toEqual([])
    await tx.committed()
    await app.to.next()
  })

  it('graphile-worker of another database is told after the commit, if the host says so', async () => {
    const schema = `${shop.schema}_other`
    onTestFinished(async () => void (await shop.admin.query(`DROP SCHEMA ${schema} CASCADE`)))
    const queue = graphileQueue({ pool: shop.pool(4), schema, hostTransactions: false })
    const app = await running({ queue })
    const tx = await transaction(shop.admin, async (client) => {
      const { host, statements } = noting(fromPg(client))
      const tx = app.drifthook.withTransaction(host)
      await tx.messages.publish(app.principal, placed())
      expect(statements.filter((sql) => sql.includes('add_jobs'))).toEqual([])
      return tx
    })
    await tx.committed()
    await app.to.next()
    expect(problemsOf(app)).toEqual([])
  })
})

it('a pool that is not of pg will do, as long as it behaves like one', async () => {
  const pool = shop.pool(3)
  const structural = {
    query: (text: string, values?: unknown[]) => pool.query(text, values),
    async connect() {
      const client = await pool.connect()
      return {
        query: (text: string, values?: unknown[]) => client.query(text, values),
        release: (destroy?: boolean) => client.release(destroy),
      }
    },
  }
  const app = shop.another(structural)
  await app.drifthook.start({ runner: false })
  const { principal, to } = await shop.tenant(app)
  await app.drifthook.messages.publish(principal, placed())
  await settle(app.drifthook)
  expect(to.requests).toHaveLength(1)
})
