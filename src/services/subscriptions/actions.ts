/** What can be done with a subscription besides keeping it: try it, change its secret, send again. */
import { DrifthookError } from '../../errors.js'
import type { Attempt, Job, Principal, RotatedSecret } from '../../model.js'
import type { Row } from '../../ports/tables.js'
import { newSecret, secretPrefix } from '../../signing/index.js'
import { commitSteps, type Step } from '../commit.js'
import type { Context } from '../context.js'
import { showAttempt } from '../deliveries/attempt-view.js'
import { wake } from '../deliveries/outbox.js'
import { newJob } from '../jobs/new.js'
import { showJob } from '../jobs.js'
import { requirePermission } from '../permissions.js'
import { subscriptionPlace } from '../secret-places.js'
import { auditWrite, instantOrNull, notFound } from '../shared.js'
import { validate } from '../validate.js'
import { overlapping } from './destination.js'
import { type ReplayRequest, replayInput, rotateInput, type SecretRotate } from './input.js'
import { ping } from './ping.js'
import { showSecret } from './view.js'

/** More secrets than anybody rotates through in a week; `verify` reads 16 signatures. */
const mostPrevious = 9

/** @param row finds a subscription of a tenant, or throws `NOT_FOUND` */
export function subscriptionActions(
  context: Context,
  row: (tenantId: string, id: string) => Promise<Row<'subscriptions'>>,
) {
  const { storage, clock, secrets } = context
  return {
    /**
     * Sends a `ping` now and returns what came of it, good or bad. Also while the subscription is disabled;
     * never counted against it.
     * @throws DrifthookError `NOT_FOUND`
     */
    async test(principal: Principal, id: string): Promise<Attempt> {
      requirePermission(principal, 'subscriptions:write')
      const subscription = await row(principal.tenantId, id)
      const { row: attempt, details } = await ping(context, subscription, principal)
      if (attempt.succeeded) context.receiverChanged(id)
      return showAttempt(attempt, details)
    },

    /**
     * Makes a new signing secret. The answer alone carries it. The one before signs beside it for the overlap.
     * @throws DrifthookError `INVALID_REQUEST`, `NOT_FOUND`, `LIMIT_REACHED` after ten rotations in one overlap
     */
    async rotateSecret(principal: Principal, id: string, input: SecretRotate = {}): Promise<RotatedSecret> {
      requirePermission(principal, 'subscriptions:write')
      const { overlapMs } = validate(rotateInput, input)
      const { tenantId } = principal
      const secret = newSecret()
      const { made, until } = await commitSteps(storage, async () => {
        const before = await row(tenantId, id)
        const now = clock.now()
        const until = overlapMs === 0 ? null : now + overlapMs
        const kept = overlapping(before.previousSecrets, now)
        const previousSecrets = until === null ? [] : [{ sealed: before.secretSealed, until }, ...kept]
        if (previousSecrets.length > mostPrevious) throw tooMany()
        const set = {
          secretPrefix: secretPrefix(secret),
          secretSealed: secrets.seal(secret, subscriptionPlace(tenantId, id, 'secret')),
          previousSecrets,
          updatedAt: now,
          revision: before.revision + 1,
        }
        const expect = { revision: before.revision }
        const steps: Step[] = [
          {
            write: { op: 'update', table: 'subscriptions', tenantId, id, set, expect },
            refused: { missing: notFound('webhook'), moved: 'again' },
          },
          { write: auditWrite(context, principal, 'webhook.secret_rotated', id, { overlapMs }) },
        ]
        return { made: { ...before, ...set }, until, steps }
      })
      return { ...showSecret(context, made, secret), previousSecretUntil: instantOrNull(until) }
    },

    /**
     * Sends the messages of a time window again: what failed, what was delivered, what was missed while the
     * subscription was disabled. Each keeps its delivery's id and bytes.
     * @returns the job that does it
     * @throws DrifthookError `INVALID_REQUEST`, `NOT_FOUND`, `WEBHOOK_DISABLED`
     */
    async replay(principal: Principal, id: string, input: ReplayRequest): Promise<Job> {
      requirePermission(principal, 'deliveries:redeliver')
      const { from, to, status } = validate(replayInput, input)
      const subscription = await row(principal.tenantId, id)
      if (!subscription.enabled) {
        const message = 'The webhook is disabled. Enable it, then replay what it missed.'
        throw new DrifthookError('WEBHOOK_DISABLED', message)
      }
      const window = { from: Date.parse(from), to: to === undefined ? clock.now() : Date.parse(to), status }
      const job = newJob(context, principal, 'replay', id, window)
      const audit = auditWrite(context, principal, 'webhook.replayed', id, { jobId: job.id, ...window })
      await storage.commit([{ op: 'insert', table: 'jobs', row: job }, audit])
      await wake(context, [job.id])
      return showJob(job)
    },
  }
}

const tooMany = () =>
  new DrifthookError(
    'LIMIT_REACHED',
    'Ten secrets sign for this webhook already. Rotate again when the oldest has ended.',
    {
      limit: { name: 'secrets in overlap', value: mostPrevious + 1 },
    },
  )
