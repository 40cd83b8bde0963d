import { z } from 'zod'
import { type RetryPreset, retryPresets } from './retry-policy.js'

const longestDelayMs = 30 * 24 * 3_600_000

/** A schedule of retries as the host and subscriptions may give it: milliseconds, or a preset's name. */
export const retryDelaysField = z.union([
  z.array(z.number().int().nonnegative().max(longestDelayMs)).max(50),
  z.enum(Object.keys(retryPresets) as [RetryPreset, ...RetryPreset[]]),
])
