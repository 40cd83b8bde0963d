/** Rotating a signing secret: who can still verify, and until when. */
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { describe, expect, it, vi } from 'vitest'
import { type SignatureScheme, verify } from '../../src/signing/index.js'
import type { ReceivedRequest, Receiver } from '../../src/testkit/receiver.js'
import { globex } from '../support/app.js'
import { durableHere, here, testedHere } from '../support/combinations.js'
import {
  answering,
  auditActions,
  deliveryOf,
  publish,
  receiving,
  subscribe,
  type WebhookApp,
  webhook,
  webhookApp,
} from '../support/webhooks.js'

const hour = 3_600_000
const day = 24 * hour

async function rotate({ acme }: WebhookApp, id: string, body?: object) {
  const answer = await acme.post(`/webhooks/${id}/rotate-secret`).send(body)
  expect(answer.status).toBe(200)
  return answer.body
}

/** Sends one message and returns what arrived. */
async function sent(app: WebhookApp, to: Receiver): Promise<ReceivedRequest> {
  await publish(app)
  await app.drifthook.runDue()
  return to.next()
}

/** Whether the reference library of Standard Webhooks accepts a request, at the time the test has. */
function foreignAccepts({ clock }: WebhookApp, secret: string, { body, headers }: ReceivedRequest): boolean {
  vi.setSystemTime(clock.now())
  try {
    new StandardWebhook(secret).verify(body.toString(), headers as Record<string, string>)
    return true
  } catch {
    return false
  } finally {
    vi.useRealTimers()
  }
}

/** Which of the secrets a request is signed with, as a receiver finds out who holds only that one. */
const signers = (
  { clock }: WebhookApp,
  secrets: readonly string[],
  { headers, body }: ReceivedRequest,
  scheme: SignatureScheme,
): boolean[] => secrets.map((secret) => verify({ headers, body, secret, scheme, now: clock.now }).ok)

describe.each(testedHere)('a rotated secret, on %s', (on) => {
  it('signs with the one before for 24 hours, then alone', async () => {
    const app = webhookApp(on)
    const to = await receiving()
    const made = await subscribe(app, to.url())
    const rotated = await rotate(app, made.id)
    expect(rotated).toEqual({
      secret: expect.stringMatching(/^whsec_[0-9a-f]{64}$/),
      verification: made.verification,
      previous_secret_until: new Date(app.clock.now() + day).toISOString(),
    })
    expect(rotated.secret).not.toBe(made.secret)
    const accepted = async () => {
      const request = await sent(app, to)
      return [made.secret, rotated.secret].map((secret) => foreignAccepts(app, secret, request))
    }
    expect(await accepted()).toEqual([true, true])
    await app.clock.advance(day - 1)
    expect(await accepted()).toEqual([true, true])
    await app.clock.advance(1)
    expect(await accepted()).toEqual([false, true])
    expect(await auditActions(app)).toContain('webhook.secret_rotated')
  })

  it.each<[SignatureScheme, boolean[]]>([
    ['standard', [true, true, true]],
    ['timestamped', [true, true, true]],
    // There is room for one signature: the oldest secret's, which everybody still knows.
    ['hex', [true, false, false]],
    ['sha256', [true, false, false]],
  ])('during two overlaps at once, %s is signed by %j of oldest to newest', async (signature, during) => {
    const app = webhookApp(on)
    const to = await receiving()
    const first = await subscribe(app, to.url(), { signature })
    const second = await rotate(app, first.id, { overlap_ms: 2 * hour })
    await app.clock.advance(hour)
    const third = await rotate(app, first.id, { overlap_ms: 2 * hour })
    const secrets = [first.secret, second.secret, third.secret]
    const signed = async () => signers(app, secrets, await sent(app, to), signature)
    expect(await signed()).toEqual(during)
    await app.clock.advance(hour)
    expect(await signed()).toEqual(during[1] ? [false, true, true] : [false, true, false])
    await app.clock.advance(hour)
    expect(await signed()).toEqual([false, false, true])
  })
})

describe('rotating a secret', () => {
  it('three times at once makes three secrets, and all of them sign', async () => {
    const app = webhookApp(durableHere)
    const to = await receiving()
    const made = await subscribe(app, to.url())
    const rotated = await Promise.all([rotate(app, made.id), rotate(app, made.id), rotate(app, made.id)])
    const secrets = [made.secret, ...rotated.map(({ secret }) => secret)]
    expect(new Set(secrets).size).toBe(4)
    expect(signers(app, secrets, await sent(app, to), 'standard')).toEqual([true, true, true, true])
  })

  it('without an overlap ends every secret before at once', async () => {
    const app = webhookApp()
    const to = await receiving()
    const first = await subscribe(app, to.url())
    const second = await rotate(app, first.id)
    const third = await rotate(app, first.id, { overlap_ms: 0 })
    expect(third.previous_secret_until).toBeNull()
    const secrets = [first.secret, second.secret, third.secret]
    expect(signers(app, secrets, await sent(app, to), 'standard')).toEqual([false, false, true])
  })

  it('takes an overlap of 0 to 7 days, in whole milliseconds', async () => {
    const app = webhookApp()
    const made = await subscribe(app, 'https://a.example/')
    const path = `/webhooks/${made.id}/rotate-secret`
    const until = async (overlap_ms: number) =>
      (await rotate(app, made.id, { overlap_ms })).previous_secret_until
    expect(await until(7 * day)).toBe(new Date(app.clock.now() + 7 * day).toISOString())
    expect(await until(1)).toBe(new Date(app.clock.now() + 1).toISOString())
    const before = await webhook(app, made.id)
    for (const overlap_ms of [-1, 7 * day + 1, 1.5, '5', null]) {
      const refused = await app.acme.post(path).send({ overlap_ms })
      expect(refused.status).toBe(400)
      expect(refused.body).toMatchObject({ code: 'INVALID_REQUEST', errors: [{ path: 'overlap_ms' }] })
    }
    expect((await app.acme.post(path).send({ overlapMs: 1 })).status).toBe(400)
    expect((await app.globex.post(path)).status).toBe(404)
    expect(await webhook(app, made.id)).toEqual(before)
    await expect(app.drifthook.subscriptions.rotateSecret(globex, made.id)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })

  it('shows a secret once, and its first characters from then on', async () => {
    const app = webhookApp()
    const made = await subscribe(app, 'https://a.example/')
    expect(made.secret_prefix).toBe(made.secret.slice(0, 14))
    const rotated = await rotate(app, made.id)
    const shown = await webhook(app, made.id)
    expect(shown.secret_prefix).toBe(rotated.secret.slice(0, 14))
    expect(shown).not.toHaveProperty('secret')
    const listed = await app.acme.get('/webhooks')
    const patched = await app.acme.patch(`/webhooks/${made.id}`).send({ name: 'Renamed' })
    expect(patched.status).toBe(200)
    for (const said of [shown, listed.body, patched.body, app.logger.lines]) {
      const text = JSON.stringify(said)
      for (const secret of [made.secret, rotated.secret]) expect(text).not.toContain(secret.slice(14))
    }
  })

  it('refuses an eleventh secret that would sign, until the oldest has ended', async () => {
    const app = webhookApp()
    const to = await receiving()
    const made = await subscribe(app, to.url())
    const secrets = [made.secret]
    for (let n = 1; n <= 9; n++) {
      secrets.push((await rotate(app, made.id, { overlap_ms: n * hour })).secret)
    }
    const refused = await app.acme.post(`/webhooks/${made.id}/rotate-secret`)
    expect(refused.status).toBe(409)
    expect(refused.body).toMatchObject({ code: 'LIMIT_REACHED' })
    expect(signers(app, secrets, await sent(app, to), 'standard')).toEqual(secrets.map(() => true))
    await app.clock.advance(hour)
    await rotate(app, made.id)
    await app.acme.post(`/webhooks/${made.id}/rotate-secret`).send({ overlap_ms: 0 }).expect(200)
  })

  it('signs the retries of a delivery under way with the secrets of their time', async () => {
    const now = { status: 500 }
    const app = webhookApp(here, { delivery: { retryDelays: [hour, day] } })
    const to = await receiving(answering(now))
    const first = await subscribe(app, to.url())
    await publish(app)
    await app.drifthook.runDue()
    const second = await rotate(app, first.id, { overlap_ms: 2 * hour })
    const secrets = [first.secret, second.secret]
    await app.clock.advance(2 * hour - 1)
    await app.drifthook.runDue()
    now.status = 200
    await app.clock.advance(2 * day)
    await app.drifthook.runDue()
    const at = to.requests.map(({ headers }) => Number(headers['webhook-timestamp']) * 1000)
    const signed = to.requests.map((request, n) =>
      secrets.map((secret) => verify({ ...request, secret, now: () => at[n] ?? 0 }).ok),
    )
    expect(signed).toEqual([
      [true, false],
      [true, true],
      [false, true],
    ])
    expect(await deliveryOf(app, first.id)).toMatchObject({ status: 'delivered', attempt_count: 3 })
  })
})
