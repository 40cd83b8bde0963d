/** What can happen in a run: what users ask for, what workers do, what breaks. */
import fc from 'fast-check'
import { isDrifthookError } from '../../../src/index.js'
import { acme } from '../app.js'
import { type Answer, scripts } from './answers.js'
import type { DeathAt } from './watched-storage.js'
import type { Hook, World } from './world.js'

export type Operation =
  | { do: 'publish'; times: number }
  | { do: 'answer'; hook: number; script: readonly Answer[] }
  | { do: 'advance'; ms: number }
  | { do: 'wait for what is due' }
  | { do: 'work'; worker: number; afterMs: number }
  | { do: 'die'; worker: number; at: DeathAt; table: 'deliveries' | 'jobs' }
  | { do: 'refuse outcomes'; worker: number; times: number; silent: boolean }
  | { do: 'disable' | 'enable' | 'delete' | 'test'; hook: number }
  | { do: 'rotate'; hook: number; overlapMs: number }
  | { do: 'move'; hook: number }
  | { do: 'redeliver'; hook: number; delivery: number }
  | { do: 'replay'; hook: number; backMs: number; status: ('failed' | 'delivered' | 'missed')[] }
  | { do: 'cancel'; job: number }

/** What users may be told: that somebody else was faster, or that it is over. */
const refusals: readonly string[] = ['CONFLICT', 'NOT_FOUND', 'WEBHOOK_DISABLED', 'LIMIT_REACHED']

/** Does it. Refusals are answers too. */
export async function perform(world: World, operation: Operation): Promise<void> {
  try {
    await undertake(world, operation)
  } catch (error) {
    if (!isDrifthookError(error) || !refusals.includes(error.code)) throw error
  }
}

async function undertake(world: World, operation: Operation): Promise<void> {
  const { clock, workers } = world
  switch (operation.do) {
    case 'publish':
      for (let n = 0; n < operation.times; n++) await world.publish()
      return
    case 'advance':
      return clock.advance(operation.ms)
    case 'wait for what is due':
      return world.waitForDue()
    case 'work':
      await clock.wait(operation.afterMs, new AbortController().signal)
      return world.work(operation.worker)
    case 'die':
      workers[operation.worker]!.faults.death = operation
      return
    case 'refuse outcomes':
      Object.assign(workers[operation.worker]!.faults, {
        refusals: operation.times,
        silent: operation.silent,
      })
      return
    case 'cancel':
      return cancel(world, operation.job)
    default:
      return withHook(world, world.hooks[operation.hook % world.hooks.length]!, operation)
  }
}

async function withHook(world: World, hook: Hook, operation: Operation): Promise<void> {
  const { subscriptions, deliveries } = world.desk.drifthook
  switch (operation.do) {
    case 'answer':
      hook.script = operation.script
      return
    case 'disable':
    case 'enable':
      await subscriptions.update(acme, hook.id, { enabled: operation.do === 'enable' })
      return
    case 'delete':
      await subscriptions.delete(acme, hook.id)
      return
    case 'test':
      await subscriptions.test(acme, hook.id)
      return
    case 'rotate':
      return change(world, hook, 'secret', async () => {
        const { secret } = await subscriptions.rotateSecret(acme, hook.id, { overlapMs: operation.overlapMs })
        return secret
      })
    case 'move':
      return change(world, hook, 'url', async () => {
        const url = `${hook.url}/${world.history.next}`
        await subscriptions.update(acme, hook.id, { url })
        return url
      })
    case 'redeliver': {
      const { items } = await deliveries.list(acme, hook.id, { limit: 10 })
      const one = items[operation.delivery % Math.max(1, items.length)]
      if (one !== undefined) await deliveries.redeliver(acme, one.id)
      return
    }
    case 'replay': {
      const from = new Date(world.clock.now() - operation.backMs).toISOString()
      const job = await subscriptions.replay(acme, hook.id, { from, status: operation.status })
      world.replays.set(job.id, world.history.next)
    }
  }
}

async function change(
  { history }: World,
  { id: webhookId }: Hook,
  what: 'url' | 'secret',
  make: () => Promise<string>,
): Promise<void> {
  const asked = history.next
  history.add({ kind: 'changed', webhookId, what, asked, to: await make() })
}

async function cancel({ desk }: World, n: number): Promise<void> {
  const { items } = await desk.drifthook.jobs.list(acme, { status: 'pending' })
  const job = items[n % Math.max(1, items.length)]
  // What disabling set in motion is not for a user of this run to stop: ends would depend on it.
  if (job?.kind === 'replay') await desk.drifthook.jobs.cancel(acme, job.id)
}

const which = fc.nat(2)
const hookOperation = fc.constantFrom(
  'disable' as const,
  'disable' as const,
  'enable' as const,
  'enable' as const,
  'test' as const,
)

const redeliver = fc.record({ do: fc.constant('redeliver' as const), hook: which, delivery: fc.nat(9) })

/** What users ask for. */
const byUsers: fc.Arbitrary<Operation>[] = [
  fc.record({ do: hookOperation, hook: which }),
  fc.record({ do: fc.constant('delete' as const), hook: which }),
  fc.record({ do: fc.constant('rotate' as const), hook: which, overlapMs: fc.constantFrom(0, 60_000) }),
  fc.record({ do: fc.constant('move' as const), hook: which }),
  redeliver,
  redeliver,
  redeliver,
  fc.record({
    do: fc.constant('replay' as const),
    hook: which,
    backMs: fc.constantFrom(0, 10_000, 3_600_000, 100 * 3_600_000),
    status: fc
      .subarray(['failed', 'delivered', 'missed'] as const, { minLength: 1 })
      .map((list) => [...list]),
  }),
  fc.record({ do: fc.constant('cancel' as const), job: fc.nat(3) }),
]

const worker = fc.nat(1)
/** Later ones take over what a stalled worker still has in its hands. */
const afterMs = fc.constantFrom(0, 0, 100, 45_000)
const work = fc.record({ do: fc.constant('work' as const), worker, afterMs })
/** Rarely more than a step of a job looks at. */
const times = fc.oneof(
  { arbitrary: fc.integer({ min: 1, max: 4 }), weight: 60 },
  { arbitrary: fc.constant(103), weight: 1 },
)
const publish = fc.record({ do: fc.constant('publish' as const), times })

/** What breaks. */
const faults: fc.Arbitrary<Operation>[] = [
  fc.record({
    do: fc.constant('die' as const),
    worker,
    at: fc.constantFrom('claim' as const, 'before settle' as const, 'after settle' as const),
    table: fc.constantFrom('deliveries' as const, 'deliveries' as const, 'jobs' as const),
  }),
  fc.record({
    do: fc.constant('refuse outcomes' as const),
    worker,
    times: fc.integer({ min: 1, max: 6 }),
    silent: fc.boolean(),
  }),
]

const advance = fc.record({
  do: fc.constant('advance' as const),
  ms: fc.oneof(fc.nat(2_000), fc.constantFrom(4_999, 5_000, 30_000, 61_000, 3_600_000, 25 * 3_600_000)),
})
const waiting = fc.constant({ do: 'wait for what is due' } as const)

/** Everything that may happen, one thing or several at once. */
export function operations(medium: 'channel' | 'http'): fc.Arbitrary<Operation[]> {
  const answer = fc.record({
    do: fc.constant('answer' as const),
    hook: which,
    script: scripts[medium],
  })
  const one: fc.Arbitrary<Operation> = fc.oneof(
    { arbitrary: publish, weight: 4 },
    { arbitrary: answer, weight: 5 },
    { arbitrary: advance, weight: 3 },
    { arbitrary: waiting, weight: 4 },
    { arbitrary: work, weight: 7 },
    { arbitrary: fc.oneof(...byUsers), weight: 6 },
    { arbitrary: fc.oneof(...faults), weight: 3 },
  )
  const side = fc.oneof({ arbitrary: work, weight: 3 }, { arbitrary: publish, weight: 1 }, ...byUsers)
  const race = fc.tuple(work, side, fc.option(side)).map((list) => list.filter((each) => each !== null))
  return fc.oneof({ arbitrary: one.map((each) => [each]), weight: 2 }, { arbitrary: race, weight: 1 })
}
