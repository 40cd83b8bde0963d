/** Webhooks as their owner handles them over HTTP, for tests. Everything started here ends with the test. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { DrifthookOptions } from '../../src/index.js'
import { type Receiver, type ReceiverOptions, receiver } from '../../src/testkit/receiver.js'
import { placeOn, type TestApp, testApp } from './app.js'
import { type Combination, here } from './combinations.js'

/** The name of a database file that is gone with the test. */
export function databaseFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'drifthook-webhooks-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'drifthook.db')
}

/** A {@link testApp} with the host's events `contact.created` and `contact.deleted`, stopped with the test. */
export function webhookApp(on: Combination = here, options: Partial<DrifthookOptions> = {}) {
  const parts = options.storage === undefined ? placeOn(on).open() : { storage: options.storage }
  const given = { eventTypes: ['contact.created', 'contact.deleted'], ...parts, ...options }
  const app = testApp({ ...given, delivery: { allowLoopback: true, ...options.delivery } })
  onTestFinished(() => app.drifthook.stop({ drainMs: 0 }))
  return { ...app, storage: parts.storage }
}

export type WebhookApp = ReturnType<typeof webhookApp>

/** A receiver that ends with the test. */
export async function receiving(respond?: ReceiverOptions['respond']): Promise<Receiver> {
  const to = await receiver(respond === undefined ? {} : { respond })
  onTestFinished(() => to.close())
  return to
}

/** Answers with the status that `now` holds at that moment. */
export const answering = (now: { status: number }) => () => ({ status: now.status })

type App = Pick<TestApp, 'acme'>

/** A webhook of acme's, as `POST /webhooks` answers it, secret included. */
export async function subscribe({ acme }: App, url: string, more: object = {}) {
  const { status, body } = await acme.post('/webhooks').send({ url, events: ['contact.*'], ...more })
  expect(body.errors ?? []).toEqual([])
  expect(status).toBe(201)
  return body
}

/** A message of acme's; returns its id. */
export async function publish({ acme }: App, data: unknown = { id: 1 }, type = 'contact.created') {
  const { status, body } = await acme.post('/messages').send({ type, data })
  expect(status).toBe(201)
  return body.id as string
}

/** The newest page of a webhook's deliveries. */
export const deliveriesOf = async ({ acme }: App, webhookId: string, query = '') =>
  (await acme.get(`/webhooks/${webhookId}/deliveries?limit=100${query}`)).body.items

/** The newest delivery of a webhook. */
export const deliveryOf = async (app: App, webhookId: string) => (await deliveriesOf(app, webhookId))[0]

/** What the audit trail of acme says was done, oldest first. */
export async function auditActions({ storage }: Pick<WebhookApp, 'storage'>): Promise<string[]> {
  const page = await storage.list('auditEntries', { tenantId: 'acme', index: 'created', limit: 1_000 })
  return page.items.map(({ action }) => action)
}

/** How a webhook stands. */
export const webhook = async ({ acme }: App, id: string) => (await acme.get(`/webhooks/${id}`)).body
