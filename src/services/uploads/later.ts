/**
 * A file is compared after its sender was answered. Its event is `processing` until what was found is written
 * down. Beside it stands a job that is the lease of this process: due when nobody renewed it, it ends the event
 * as `INTERRUPTED`, whoever works it. Whichever of the two changes the event first has decided it.
 */
import { isDrifthookError } from '../../errors.js'
import { systemClock } from '../../ports/clock.js'
import type { Row } from '../../ports/tables.js'
import { commitSteps, type Step } from '../commit.js'
import type { Context } from '../context.js'
import { announce } from '../deliveries/outbox.js'
import { findKey } from '../idempotency.js'
import { drifthookActor, newJob } from '../jobs/new.js'
import { receivedEntry } from './attempts.js'
import { type Finding, findingOf, isAnyFault, type Yardstick, yardstickOf } from './compare.js'
import { newEvent } from './event.js'
import { keyedUpload, outcomeAgain, type Upload } from './keyed.js'
import { type FileOutcome, outcomeOf } from './outcome.js'
import { recordingOf, settlingWrites, touchWrite } from './record.js'

const leaseMs = 60_000
const renewEveryMs = 20_000
/** What stands in the way for a moment is tried again after this, for as long as a lease lasts. */
const pauseMs = 2_000
const passing: readonly string[] = ['UPLOADS_BUSY', 'STORAGE_UNAVAILABLE', 'CONFLICT']

export interface LaterComparisons {
  /**
   * Takes a file over, to be compared when its sender is gone, and lets go of it, whatever becomes of it.
   * @throws DrifthookError as the first reads and the first commit do; nothing is then recorded
   */
  begin(upload: Upload): Promise<FileOutcome>
  /** Resolves when none is under way in this process any more, or after so many milliseconds. */
  settled(withinMs: number): Promise<void>
}

interface Begun {
  upload: Upload
  yardstick: Yardstick
  event: Row<'driftEvents'>
  lease: Row<'jobs'>
}

export function laterComparisons(context: Context): LaterComparisons {
  const { logger } = context
  const underWay = new Set<Promise<void>>()

  return {
    async begin(upload) {
      const begun = await beginning(context, upload).catch(async (error: unknown) => {
        await upload.file.release()
        throw error
      })
      if ('replayed' in begun) {
        await upload.file.release()
        return begun
      }
      const work = finish(context, begun)
        .catch((error: unknown) =>
          logger.error('a file was not compared afterwards: its event becomes INTERRUPTED', {
            eventId: Number(begun.event.id),
            error,
          }),
        )
        .finally(() => underWay.delete(work))
      underWay.add(work)
      return outcomeOf(begun.event, null, false)
    },

    async settled(withinMs) {
      const settled = new AbortController()
      const all = Promise.all([...underWay]).then(() => settled.abort())
      await Promise.race([all, systemClock.wait(withinMs, settled.signal)])
    },
  }
}

/** Commits the event and the lease that watches over it; or finds what came of the same file before. */
async function beginning(context: Context, upload: Upload): Promise<Begun | FileOutcome> {
  const { storage, clock } = context
  const { monitor, file, origin } = upload
  const yardstick = await yardstickOf(context, upload)
  const number = await storage.nextIds('driftEvents', 1)
  const now = clock.now()
  const event = newEvent({ monitor, contract: yardstick.contract, file, number, now })
  const by = { tenantId: monitor.tenantId, actor: drifthookActor }
  const lease = { ...newJob(context, by, 'upload_lease', String(number), {}), dueAt: now + leaseMs }
  const { firstId } = await commitSteps(storage, async () => {
    const key = await findKey(context, keyedUpload(upload))
    if (key.resultId !== null) return { firstId: key.resultId, steps: [] }
    const steps: Step[] = [
      ...key.take(event.id),
      { write: { op: 'insert', table: 'driftEvents', row: event } },
      { write: { op: 'insert', table: 'jobs', row: lease } },
      { write: receivedEntry(context, event, origin) },
      { write: touchWrite(monitor, now) },
    ]
    return { firstId: null, steps }
  })
  return firstId === null ? { upload, yardstick, event, lease } : outcomeAgain(context, upload, firstId)
}

/** @throws whatever kept it from being compared or written down; the lease is then left to its end */
async function finish(context: Context, { upload, yardstick, event, lease }: Begun): Promise<void> {
  const { file } = upload
  const ended = new AbortController()
  const renewing = keepRenewed(context, lease, ended.signal)
  try {
    const finding = await patiently(context, () => findingOf(context, file, yardstick, isAnyFault))
    await patiently(context, () => settle(context, event, lease, finding))
  } finally {
    ended.abort()
    await renewing
    await file.release()
  }
}

/** Writes down what was found, unless the event was ended meanwhile. */
async function settle(
  context: Context,
  { tenantId, id }: Row<'driftEvents'>,
  lease: Row<'jobs'>,
  finding: Finding,
): Promise<void> {
  const { storage, logger } = context
  const { recording } = await commitSteps(storage, async () => {
    const before = await storage.get('driftEvents', tenantId, id)
    if (before?.status !== 'processing') return { recording: null, steps: [] }
    const recording = await recordingOf(context, before, finding)
    const [change, ...others] = settlingWrites(recording)
    const steps: Step[] = [
      { write: change, refused: { moved: 'again', missing: 'again', exists: 'again' } },
      ...others.map((write) => ({ write })),
      { write: { op: 'delete', table: 'jobs', tenantId, id: lease.id, optional: true } },
    ]
    return { recording, steps }
  })
  if (recording === null) logger.warn('a file was compared too late', { eventId: Number(id) })
  else await announce(context, recording.prepared)
}

/** Until the signal: the lease ends a while from now. Nothing is changed once somebody has claimed it. */
async function keepRenewed(
  { storage, clock, logger }: Context,
  { tenantId, id, fence }: Row<'jobs'>,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.wait(renewEveryMs, signal)
    if (signal.aborted) return
    const now = clock.now()
    const set = { dueAt: now + leaseMs, updatedAt: now }
    const expect = { fence, status: 'pending' }
    try {
      await storage.commit([{ op: 'update', table: 'jobs', tenantId, id, set, expect, optional: true }])
    } catch (error) {
      if (isDrifthookError(error) && error.code === 'STOPPED') return
      logger.warn('the lease of an upload could not be renewed', { jobId: id, error })
    }
  }
}

async function patiently<T>({ clock }: Context, work: () => Promise<T>): Promise<T> {
  const until = clock.now() + leaseMs
  for (;;) {
    try {
      return await work()
    } catch (error) {
      const passes = isDrifthookError(error) && passing.includes(error.code)
      if (!passes || clock.now() >= until) throw error
      await clock.wait(pauseMs, new AbortController().signal)
    }
  }
}
