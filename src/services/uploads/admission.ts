/** Whether a file may come in, decided before its first byte is read. */
import { DrifthookError } from '../../errors.js'
import type { Row } from '../../ports/tables.js'
import type { Context } from '../context.js'
import { monitorByToken } from '../monitors.js'
import { type RateState, rateLimiter } from '../rate-limit.js'
import type { Budget } from './budget.js'
import type { UploadedFile } from './intake.js'
import { Intake } from './intake.js'
import type { Receive, UploadOutcome, UploadWishes } from './receive.js'

/** Who wants to upload. */
export interface UploadRequest {
  token: string
  /** The sender's address, as the host's `trust proxy` setting judges it. */
  address: string | null
}

/** What a part of the request says of the file in it. */
export interface FileClaim {
  fileName: string | null
  /** As the sender declared it; null if not at all. */
  contentType: string | null
}

/** A monitor that accepts this upload. Whoever is given one leaves it, whatever becomes of the upload. */
export interface Admission {
  rate: RateState
  /** Bytes of one file. */
  maxBytes: number
  /** Files in one request. */
  maxFiles: number
  /** Takes a file in as it arrives. */
  open(claim: FileClaim): Intake
  /**
   * Compares the files with the monitor's contract and records what was found. Lets go of them.
   * @throws DrifthookError of a refused file (no event is made), or of one that could not be compared
   *   (then `eventId` names the event)
   */
  receive(files: readonly UploadedFile[], wishes: UploadWishes): Promise<UploadOutcome>
  leave(): void
}

export interface AdmissionParts {
  context: Context
  budget: Budget
  receive: Receive
}

/**
 * Decides by the token alone whether a file may come in.
 * @throws DrifthookError `TOKEN_UNKNOWN`, `MONITOR_INACTIVE`, `RATE_LIMITED`, `UPLOADS_BUSY`, in this order
 */
export function admissions({ context, budget, receive }: AdmissionParts) {
  const limiter = rateLimiter(context.sharedLimiter, context.upload.rateLimit)
  return async ({ token }: UploadRequest): Promise<Admission> => {
    const monitor = await monitorByToken(context, token)
    if (monitor === null) {
      throw new DrifthookError('TOKEN_UNKNOWN', 'No monitor has this token. Check the token in the URL.')
    }
    refuseInactive(monitor)
    const rate = await limiter.take(`upload:${monitor.id}`)
    const place = budget.enter(monitor.tenantId, monitor.id)
    const { maxBytes, directory } = context.upload
    return {
      rate,
      maxBytes,
      maxFiles: 1,
      open: (claim) => new Intake({ ...claim, maxBytes, format: null, hmacKey: null, place, directory }),
      receive: (files, wishes) => receive(monitor, files, wishes),
      leave: () => place.leave(),
    }
  }
}

/** @throws DrifthookError `MONITOR_INACTIVE` */
export function refuseInactive(monitor: Row<'monitors'>): void {
  if (monitor.active) return
  throw new DrifthookError('MONITOR_INACTIVE', 'The monitor is inactive. Its owner can activate it.')
}
