import { z } from 'zod'
import { aspects, changeKinds, impacts } from '../diff/report.js'

const glob = z.string().min(1).max(500)

/** A contract's policy as callers give it; what its fields mean stands at `Policy` in the diff core. */
export const policySchema = z.strictObject({
  profile: z.enum(['strict', 'by-name', 'lenient', 'positional']).optional(),
  ignore: z.array(glob).max(1_000).optional(),
  overrides: z
    .array(
      z.strictObject({
        path: glob,
        kind: z.enum(changeKinds).optional(),
        aspect: z.enum(aspects).optional(),
        impact: z.enum(impacts),
        reason: z.string().min(1).max(500),
        expiresAt: z.iso.datetime().optional(),
      }),
    )
    .max(1_000)
    .optional(),
  renames: z
    .strictObject({ enabled: z.boolean().optional(), threshold: z.number().min(0).max(1).optional() })
    .optional(),
  aliases: z
    .array(z.strictObject({ from: z.string().min(1).max(1_000), to: z.string().min(1).max(1_000) }))
    .max(1_000)
    .optional(),
  mode: z.enum(['matrix', 'score']).optional(),
})
