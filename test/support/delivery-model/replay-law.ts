/** A replay sends each message of its window exactly as asked, even if its steps are repeated. */
import type { Row } from '../../../src/ports/tables.js'
import { DeliveryLaw } from './delivery-law.js'
import { law, statesDuring } from './history.js'
import type { World } from './world.js'

export function judgeReplays(world: World, jobs: Row<'jobs'>[], messages: Row<'messages'>[]): void {
  for (const job of jobs) if (job.kind === 'replay') judgeReplay(world, job, messages)
}

function judgeReplay(world: World, job: Row<'jobs'>, messages: Row<'messages'>[]): void {
  const { history } = world
  const { from, to, status } = job.input as { from: number; to: number; status: string[] }
  const webhookId = job.target ?? ''
  const created = history.of('created')
  const messageOf = new Map(created.map(({ row }) => [row.id, row.messageId]))
  const again = history.of('reopened').filter((one) => one.job === job.id)
  const anew = created.filter((one) => one.job === job.id)
  const sent = [
    ...again.map(({ deliveryId }) => messageOf.get(deliveryId)!),
    ...anew.map(({ row }) => row.messageId),
  ]
  const about = () => ({ job, sent, again, anew, messages, history: history.all })

  law(new Set(sent).size === sent.length, 'a replay sends a message once', about)
  const inWindow = messages.filter(({ createdAt }) => createdAt >= from && createdAt <= to)
  const meant = inWindow.filter(({ type, about }) => type !== 'ping' && about !== webhookId)
  for (const id of sent)
    law(
      meant.some((one) => one.id === id),
      'a replay sends what was asked for',
      about,
    )
  law(
    again.every(({ manual }) => !manual),
    'a replay is held against the receiver',
    about,
  )
  if (job.status === 'cancelled') return
  law(job.progress.queued === sent.length, 'a replay says how much it sent', about)

  const asked = world.replays.get(job.id)
  const steps = history.of('stepped').filter((one) => one.job === job.id)
  const over = steps.at(-1)?.seq ?? 0
  if (asked === undefined) return
  const states = statesDuring(history, webhookId, asked, over)
  if (states.has('disabled') || states.has('deleted')) return
  const published = new Set(
    history.of('published').flatMap(({ seq, messageId }) => (seq < asked ? [messageId] : [])),
  )
  for (const message of meant.filter(({ id }) => published.has(id))) {
    const delivery = created.find(
      ({ row }) => row.messageId === message.id && row.subscriptionId === webhookId,
    )
    const events = delivery === undefined ? [] : history.delivery(delivery.row.id)
    const between = events.filter(({ seq }) => seq >= asked && seq <= over)
    const others = between.filter((one) => !('job' in one) || one.job !== job.id)
    // What somebody else worked on meanwhile may be either way.
    if (others.length > 0) continue
    const known = delivery !== undefined && delivery.seq < asked
    const before = known ? new DeliveryLaw(world, delivery.row).play(events, asked).status : 'missed'
    const wanted = status.includes(before)
    law(sent.includes(message.id) === wanted, 'a replay sends exactly what was asked for', () => ({
      before,
      message,
      ...about(),
    }))
  }
}
