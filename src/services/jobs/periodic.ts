/** Work that comes back: of each kind there is one job for the whole installation, whoever works it. */
import { commitSteps } from '../commit.js'
import type { Context } from '../context.js'
import type { JobKind } from './kind.js'
import { drifthookActor, newJob, soleJobStep, systemTenant } from './new.js'
import { prune } from './prune.js'

/** Each kind, and how long after the end of one round the next begins. */
export const periodicKinds = {
  prune: { work: prune, everyMs: 3_600_000 },
} as const satisfies Record<string, { work: JobKind; everyMs: number }>

type PeriodicKind = keyof typeof periodicKinds

const isPeriodic = (kind: string): kind is PeriodicKind => Object.hasOwn(periodicKinds, kind)

/** How long a kind of job rests between two rounds; null if it does not come back. */
export const restOf = (kind: string): number | null => (isPeriodic(kind) ? periodicKinds[kind].everyMs : null)

/** Makes the jobs that come back, where they are not there, or not under way, already. */
export async function ensurePeriodic(context: Context): Promise<void> {
  const { storage, clock } = context
  for (const kind of Object.keys(periodicKinds) as PeriodicKind[]) {
    const id = `job_${kind}`
    await commitSteps(storage, async () => {
      const by = { tenantId: systemTenant, actor: drifthookActor }
      const dueAt = clock.now() + periodicKinds[kind].everyMs
      const job = { ...newJob(context, by, kind, null, {}), id, dueAt }
      const step = soleJobStep(await storage.get('jobs', systemTenant, id), job)
      return { steps: step === null ? [] : [step] }
    })
  }
}
