/** Whether a file may come in, decided before its first byte is read. */
import { DrifthookError } from '../../errors.js'
import type { Row } from '../../ports/tables.js'
import { isWithin, plainAddress } from '../addresses.js'
import type { Context } from '../context.js'
import { monitorByToken, signingKey } from '../monitors/credentials.js'
import { type RateState, rateLimiter } from '../rate-limit.js'
import { type RefusedUploads, uploadActor } from './attempts.js'
import type { Budget } from './budget.js'
import { tokenGuesses } from './guesses.js'
import type { UploadedFile } from './intake.js'
import { Intake } from './intake.js'
import type { Receive, UploadOutcome, UploadWishes } from './receive.js'
import { claimedDigest, verifySignature } from './signature.js'

/** Who wants to upload. */
export interface UploadRequest {
  token: string
  /** The sender's address, as the host's `trust proxy` setting judges it. */
  address: string | null
  /** The header `X-Upload-Signature` as it came; null if it did not. */
  signature: string | null
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
  /** Writes down that it was refused after all: whatever went wrong since it was admitted. Never throws. */
  refused(error: unknown): void
  leave(): void
}

export interface AdmissionParts {
  context: Context
  budget: Budget
  receive: Receive
  refusals: RefusedUploads
}

/**
 * Decides by the token, the address and the headers whether a file may come in. A refusal is written down.
 * @throws DrifthookError `TOKEN_UNKNOWN` (or `RATE_LIMITED` for one guess after the other), `ADDRESS_REFUSED`,
 *   `MONITOR_INACTIVE`, `RATE_LIMITED`, `SIGNATURE_INVALID` without one, `UPLOADS_BUSY`, in this order
 */
export function admissions({ context, budget, receive, refusals }: AdmissionParts) {
  const { storage, secrets, upload } = context
  const limiter = rateLimiter(context.sharedLimiter, upload.rateLimit)
  const unknownToken = tokenGuesses(context)

  return async (request: UploadRequest): Promise<Admission> => {
    const address = plainAddress(request.address)
    let monitor: Row<'monitors'> | null = null
    try {
      monitor = await monitorByToken(context, request.token)
      if (monitor === null) throw await unknownToken(address)
      refuseAddress(monitor, address)
      refuseInactive(monitor)
      const rate = await limiter.take(`upload:${monitor.id}`, monitor.rateLimit)
      const claimed = monitor.signingSealed === null ? null : claimedDigest(request.signature)
      return await admitted(monitor, { address, rate, claimed })
    } catch (error) {
      refusals.note(error, { monitor, address })
      throw error
    }
  }

  async function admitted(monitor: Row<'monitors'>, sender: Sender): Promise<Admission> {
    const { address, rate, claimed } = sender
    const place = budget.enter(monitor.tenantId, monitor.id)
    try {
      const contract = await storage.get('contracts', monitor.tenantId, monitor.contractId)
      const format = contract?.format ?? null
      const hmacKey = signingKey(secrets, monitor)
      const maxBytes = mostBytes(context, monitor)
      const note = (error: unknown) => refusals.note(error, { monitor, address })
      return {
        rate,
        maxBytes,
        maxFiles: Math.min(monitor.maxFiles, upload.maxFiles),
        open: (claim) =>
          new Intake({ ...claim, maxBytes, format, hmacKey, place, directory: upload.directory }),
        async receive(files, wishes) {
          if (claimed !== null) await verifyAll(files, claimed)
          const origin = { actor: uploadActor, address }
          const outcome = await receive(monitor, files, wishes, { origin, contract })
          // What came of one file alone is thrown, and noted then.
          for (const each of outcome.kind === 'several' ? outcome.files : [])
            if (each.kind === 'failed') note(each.error)
          return outcome
        },
        refused: note,
        leave: () => place.leave(),
      }
    } catch (error) {
      place.leave()
      throw error
    }
  }
}

/** What is known of who sends a file that may come in. */
interface Sender {
  /** In its one spelling. */
  address: string | null
  rate: RateState
  /** The digest of the file's signature; null where none is asked for. */
  claimed: Buffer | null
}

/** Bytes of one file: as many as the monitor takes, never more than the installation does now. */
export const mostBytes = ({ upload }: Pick<Context, 'upload'>, { maxBytes }: Row<'monitors'>): number =>
  Math.min(maxBytes ?? upload.maxBytes, upload.maxBytes)

/** @throws DrifthookError `MONITOR_INACTIVE` */
export function refuseInactive(monitor: Row<'monitors'>): void {
  if (monitor.active) return
  throw new DrifthookError('MONITOR_INACTIVE', 'The monitor is inactive. Its owner can activate it.')
}

/** An address that nobody knows is on no list. */
function refuseAddress({ allowedAddresses }: Row<'monitors'>, address: string | null): void {
  if (allowedAddresses.length === 0) return
  if (address !== null && isWithin(allowedAddresses, address)) return
  throw new DrifthookError(
    'ADDRESS_REFUSED',
    'The monitor takes no uploads from this address. Its owner can add it to `allowed_addresses`.',
  )
}

/** Lets go of the files unless all of them are signed. */
async function verifyAll(files: readonly UploadedFile[], claimed: Buffer): Promise<void> {
  try {
    for (const file of files) verifySignature(file.hmac, claimed)
  } catch (error) {
    await Promise.all(files.map((file) => file.release()))
    throw error
  }
}
