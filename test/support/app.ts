/** A drifthook in an Express app, for tests: two tenants by API key, loopback receivers, a fake clock. */
import express, { type Express } from 'express'
import supertest from 'supertest'
import { onTestFinished } from 'vitest'
import { createDrifthook, type DrifthookOptions, type Logger, type Principal } from '../../src/index.js'
import { fakeClock } from '../../src/testkit/fake-clock.js'
import { type Combination, here, memory, type Place } from './combinations.js'

export const acme: Principal = { tenantId: 'acme', actor: 'ada', permissions: ['*'] }
export const globex: Principal = { tenantId: 'globex', actor: 'bob', permissions: ['*'] }
const principals: Record<string, Principal> = {
  'key-acme': acme,
  'key-globex': globex,
  'key-reader': { tenantId: 'acme', actor: 'rita', permissions: ['contracts:read', 'events:*'] },
}

export interface Logged {
  level: string
  message: string
  fields: Record<string, unknown> | undefined
}

/** A logger that keeps what it is told, so that a test can look. */
export function recordingLogger(): Logger & { lines: Logged[] } {
  const lines: Logged[] = []
  const at = (level: string) => (message: string, fields?: Record<string, unknown>) => {
    lines.push({ level, message, fields })
  }
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** A store of its own, which goes with the test: whatever works there is to be stopped after it was made. */
export function placeOn(combination: Combination): Place {
  const place = combination.place()
  onTestFinished(() => place.close())
  return place
}

export function testApp(options: Partial<DrifthookOptions> = {}, mount?: (app: Express) => void) {
  const clock = fakeClock(Date.parse('2026-03-01T12:00:00Z'))
  const logger = recordingLogger()
  const drifthook = createDrifthook({
    authenticate: (request) => principals[request.get('x-api-key') ?? ''] ?? null,
    delivery: { allowLoopback: true },
    clock,
    logger,
    ...(here === memory || options.storage !== undefined ? {} : placeOn(here).open()),
    ...options,
  })
  const app = express()
  mount?.(app)
  app.use('/drift', drifthook.router)
  const as = (key: string | null) => {
    const call = (method: 'get' | 'post' | 'patch' | 'put' | 'delete') => (path: string) => {
      const request = supertest(app)[method](`/drift/api/v1${path}`)
      return key === null ? request : request.set('x-api-key', key)
    }
    return {
      get: call('get'),
      post: call('post'),
      patch: call('patch'),
      put: call('put'),
      delete: call('delete'),
    }
  }
  return {
    drifthook,
    app,
    clock,
    logger,
    as,
    acme: as('key-acme'),
    globex: as('key-globex'),
    nobody: as(null),
  }
}

export type TestApp = ReturnType<typeof testApp>

/** Orders as one partner sends them; `change` makes the drifted ones. */
export function orders(change: (order: Record<string, unknown>) => void = () => {}): string {
  const list = [1, 2, 3, 4, 5].map((n) => {
    const order = {
      id: n,
      sku: `KX-${1000 + n}`,
      quantity: n * 10,
      price: n + 0.5,
      email: `user${n}@kestrel.example`,
    }
    change(order)
    return order
  })
  return JSON.stringify({ orders: list })
}

/** A contract and a monitor of tenant acme, ready to receive {@link orders}. */
export async function contractAndMonitor({ drifthook }: Pick<TestApp, 'drifthook'>) {
  const contract = await drifthook.contracts.create(acme, { name: 'Orders', sample: JSON.parse(orders()) })
  const monitor = await drifthook.monitors.create(acme, { name: 'Kestrel', contractId: contract.id })
  return { contract, monitor, path: `/drift/webhook/${monitor.token}` }
}

/** Uploads a file as a partner's multipart client does. */
export const upload = (app: Express, path: string, content: string | Buffer, name = 'orders.json') =>
  supertest(app)
    .post(path)
    .attach('file', Buffer.from(content as string), name)
