/** What happened in one run, in the order in which it happened: the only thing the laws are judged by. */
import assert from 'node:assert/strict'
import type { Outcome, SettleResult } from '../../../src/ports/storage.js'
import type { Row } from '../../../src/ports/tables.js'
import type { Verdict } from './answers.js'

/** A claim is known by the worker that made it and the fence it got. */
interface OfClaim {
  worker: string
  deliveryId: string
  fence: number
}

/** What a receiver gets to see. */
export interface Request {
  worker: string
  deliveryId: string
  webhookId: string
  target: string
  /** Everything that must be the same whenever it is sent again. */
  content: string
  /** Whether it is signed with this secret; absent: receivers of this kind get no signature. */
  signedWith?: (secret: string) => boolean
}

export type Happening =
  /** `asked`: the moment the claim was asked for, before which whatever is done is done. */
  | (OfClaim & { kind: 'claimed'; row: Row<'deliveries'>; leaseUntil: number; asked: number })
  | (OfClaim & Request & { kind: 'sent' })
  | (OfClaim & { kind: 'answered'; verdict: Verdict })
  | (OfClaim & { kind: 'settled'; outcome: Outcome<'deliveries'>; result: SettleResult })
  /** A store that refused to write a worker's outcomes. */
  | { kind: 'refused'; worker: string }
  | { kind: 'died'; worker: string }
  | { kind: 'published'; messageId: string; type: string }
  | { kind: 'created'; row: Row<'deliveries'>; job: string | null }
  /** Made due again: by hand, or by a job of replay. */
  | { kind: 'reopened'; deliveryId: string; manual: boolean; job: string | null }
  /** The job that ends what a webhook had still to deliver wanted to end it, if its fence was still that one. */
  | { kind: 'ended'; deliveryId: string; fence: number; reason: string; job: string }
  | { kind: 'stepped'; job: string; ended: boolean }
  | { kind: 'cancelled'; job: string }
  /** `asked` as above: the change counts from some moment between that and now. */
  | { kind: 'switched'; webhookId: string; to: 'enabled' | 'disabled' | 'deleted'; asked: number; by: string }
  /** A webhook got another URL or another secret. */
  | { kind: 'changed'; webhookId: string; what: 'url' | 'secret'; to: string; asked: number }
  | { kind: 'told'; type: string; webhookId: string }

export type Happened<Kind extends Happening['kind'] = Happening['kind']> = Extract<
  Happening,
  { kind: Kind }
> & {
  /** The clock's time. */
  at: number
  /** Its place in the order. */
  seq: number
}

export class History {
  readonly all: Happened[] = []

  constructor(readonly now: () => number) {}

  get next(): number {
    return this.all.length
  }

  add(happening: Happening): void {
    this.all.push({ ...happening, at: this.now(), seq: this.all.length } as Happened)
  }

  of<Kind extends Happening['kind']>(...kinds: Kind[]): Happened<Kind>[] {
    return this.all.filter((each) => (kinds as string[]).includes(each.kind)) as Happened<Kind>[]
  }

  /** Everything about one delivery. */
  delivery(id: string): Happened[] {
    return this.all.filter(
      (each) =>
        ('deliveryId' in each && each.deliveryId === id) || (each.kind === 'created' && each.row.id === id),
    )
  }
}

/** Fails the run, with what led to it. */
export function law(holds: boolean, name: string, about: () => unknown): asserts holds {
  if (!holds) assert.fail(`${name}\n${lines(about())}`)
}

/** One line for each thing, without what is said twice. */
function lines(about: unknown): string {
  const list = Array.isArray(about) ? about : Object.entries(about as object)
  return list.map((each) => JSON.stringify(each, brief)).join('\n')
}

const left: readonly string[] = [
  'tenantId',
  'lane',
  'writes',
  'content',
  'target',
  'script',
  'event',
  'durationMs',
]
const brief = (name: string, value: unknown) => (left.includes(name) ? undefined : value)

interface Change {
  seq: number
  asked: number
  to: string
}

/** What something may have been at some moment between two places in the order. */
export function valuesDuring(
  changes: readonly Change[],
  first: string,
  from: number,
  to: number,
): Set<string> {
  let settled = first
  const values = new Set<string>()
  for (const change of changes) {
    if (change.seq < from) settled = change.to
    else if (change.asked <= to) values.add(change.to)
  }
  return values.add(settled)
}

/** When a webhook was enabled, disabled or deleted that was not so already. */
export function transitions(history: History, webhookId: string): Happened<'switched'>[] {
  let state = 'enabled'
  return history.of('switched').filter((one) => {
    if (one.webhookId !== webhookId || one.to === state) return false
    state = one.to
    return true
  })
}

/** The states a webhook may have been in. */
export const statesDuring = (history: History, webhookId: string, from: number, to: number): Set<string> =>
  valuesDuring(
    history.of('switched').filter((one) => one.webhookId === webhookId),
    'enabled',
    from,
    to,
  )
