import { z } from 'zod'
import type { Principal, UploadResult } from '../model.js'
import { plainAddress } from './addresses.js'
import type { Context } from './context.js'
import { requirePermission } from './permissions.js'
import { idField } from './shared.js'
import {
  type Admission,
  admissions,
  mostBytes,
  refuseInactive,
  type UploadRequest,
} from './uploads/admission.js'
import { RefusedUploads } from './uploads/attempts.js'
import { Budget } from './uploads/budget.js'
import { Intake } from './uploads/intake.js'
import { laterComparisons } from './uploads/later.js'
import { noWishes, receiver } from './uploads/receive.js'
import { invalidField, validate } from './validate.js'

const checkInput = z.strictObject({
  monitorId: idField,
  file: z.custom<Uint8Array | AsyncIterable<Uint8Array>>(
    (value) => value instanceof Uint8Array || isIterable(value),
    {
      message: 'must be bytes or a stream of bytes',
    },
  ),
  fileName: z.string().max(1_000).nullable().default(null),
})

export type UploadCheck = z.input<typeof checkInput>

/** Uploads: a file comes in, is compared with its monitor's contract, recorded, and told. */
export function uploadsService(context: Context) {
  const { storage } = context
  const budget = new Budget(context.upload)
  const later = laterComparisons(context)
  const receive = receiver(context, later)
  const refusals = new RefusedUploads(context)
  const admit = admissions({ context, budget, receive, refusals })

  return {
    /**
     * Decides by the token, the address and the headers whether a file may come in; asked before the body is
     * read. A refusal is written to the audit trail.
     * @throws DrifthookError `TOKEN_UNKNOWN`, `ADDRESS_REFUSED`, `MONITOR_INACTIVE`, `RATE_LIMITED`,
     *   `SIGNATURE_INVALID`, `UPLOADS_BUSY`, in this order
     */
    admit: (request: UploadRequest): Promise<Admission> => admit(request),

    /**
     * Writes down an upload that was refused before anybody looked at its token. Never throws.
     * @param address the sender's, as the host's `trust proxy` setting judges it
     */
    refused: (error: unknown, address: string | null): void =>
      refusals.note(error, { monitor: null, address: plainAddress(address) }),

    /** Writes down the refusals that are not written yet; at the end, when nothing is asked any more. */
    close: (): Promise<void> => refusals.close(),

    /**
     * The same for files the host has at hand itself: a pull job, a mailbox. Neither rate limited nor signed.
     * @param input.file bytes, or a stream of them
     * @throws DrifthookError as the upload endpoint answers
     */
    async check(principal: Principal, input: UploadCheck): Promise<UploadResult> {
      requirePermission(principal, 'uploads:check')
      const given = validate(checkInput, input)
      const monitor = await storage.get('monitors', principal.tenantId, given.monitorId)
      if (monitor === null) throw invalidField('monitorId', 'unknown_monitor', 'no such monitor')
      refuseInactive(monitor)
      const place = budget.enter(monitor.tenantId, null)
      try {
        const file = await collect(
          given.file,
          new Intake({
            fileName: given.fileName,
            contentType: null,
            maxBytes: mostBytes(context, monitor),
            format: null,
            hmacKey: null,
            place,
            directory: context.upload.directory,
          }),
        )
        const sender = { origin: { actor: principal.actor, address: null }, contract: null }
        const outcome = await receive(monitor, [file], noWishes, sender)
        if (outcome.kind === 'failed') throw outcome.error
        if (outcome.kind !== 'compared') throw new Error(`one file was asked for, and is ${outcome.kind}`)
        return outcome.result
      } finally {
        place.leave()
      }
    },

    /** Resolves when this process compares nothing in the background, or after so many milliseconds. */
    settled: (withinMs: number): Promise<void> => later.settled(withinMs),
  }
}

async function collect(file: Uint8Array | AsyncIterable<Uint8Array>, intake: Intake) {
  try {
    for await (const chunk of file instanceof Uint8Array ? [file] : file) await intake.write(chunk)
    return await intake.end()
  } catch (error) {
    await intake.abort()
    throw error
  }
}

const isIterable = (value: unknown) =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value
