/** The option `upload`, and what it comes to. */
import { z } from 'zod'

export interface UploadOptions {
  /** Default 31,457,280 (30 MiB). */
  maxBytes?: number
  /** Files in one request, where the monitor allows several. Default 10. */
  maxFiles?: number
  /** Per token. Default 20 in 60,000 ms. */
  rateLimit?: { points?: number; durationMs?: number }
  /**
   * Bytes received and not yet compared, of all uploads; one tenant may have a quarter. Default
   * 512 MiB, or four times `maxBytes` if that is more.
   */
  budgetBytes?: number
  /** Uploads under way at once with one token. Default 4. */
  inFlightPerToken?: number
  /** How long a sender may be silent, in milliseconds. Default 15,000. */
  idleMs?: number
  /** How long a body may take, in milliseconds. Default 300,000. */
  timeoutMs?: number
  /** Where large files are kept while they are compared. Default: the system's temporary folder. */
  directory?: string
}

const positive = z.number().int().positive()

export const uploadField = z
  .strictObject({
    maxBytes: positive.max(1024 ** 3).default(30 * 1024 * 1024),
    rateLimit: z
      .strictObject({ points: positive.default(20), durationMs: positive.max(2 ** 31 - 1).default(60_000) })
      .prefault({}),
    maxFiles: positive.max(100).default(10),
    budgetBytes: positive.optional(),
    inFlightPerToken: positive.max(1_000).default(4),
    idleMs: positive.max(3_600_000).default(15_000),
    timeoutMs: positive.max(24 * 3_600_000).default(300_000),
    directory: z.string().min(1).nullable().default(null),
  })
  .transform(({ budgetBytes, ...rest }) => ({
    ...rest,
    // A tenant's quarter takes the largest file at least.
    budgetBytes: budgetBytes ?? Math.max(512 * 1024 * 1024, 4 * rest.maxBytes),
  }))
  .prefault({})

/** As {@link UploadOptions}, with every default filled in. */
export type UploadSettings = z.output<typeof uploadField>
