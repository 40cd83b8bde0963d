/** What a caller may say of a subscription. */
import { z } from 'zod'
import { isDrifthookError } from '../../errors.js'
import { type SignatureScheme, signatureHeaders, signatureSchemes } from '../../signing/index.js'
import { retryDelaysField } from '../deliveries/retry-delays.js'
import { pageOptions } from '../paging.js'
import { descriptionField, idField, nameField, rateLimitField } from '../shared.js'
import { isHeaderName, reservedHeader } from './receiver-address.js'

const headerName = z.string().refine(isHeaderName, 'is not a header name')
const headerValue = z
  .string()
  .max(4_096)
  .regex(/^[\t\x20-\x7e]*$/, 'must be visible ASCII')
const headersField = z
  .record(
    headerName.refine((name) => !reservedHeader(name), 'is set by drifthook itself'),
    headerValue,
  )
  .refine((headers) => Object.keys(headers).length <= 50, 'at most 50 headers')

/** Header names of a signature. The three of Standard Webhooks are among them. */
export const signatureHeadersField = z.partialRecord(
  z.enum(['id', 'timestamp', 'signature']),
  headerName.refine(
    (name) => !reservedHeader(name) || name.toLowerCase().startsWith('webhook-'),
    'carries something else',
  ),
)

export const signatureField = z.enum(signatureSchemes)

/** The host's names for the headers of each scheme: of those it has, and no two the same. */
export const signatureHeadersBySchemeField = z
  .partialRecord(signatureField, signatureHeadersField)
  .superRefine((given, check) => {
    for (const [scheme, names] of Object.entries(given)) {
      try {
        signatureHeaders(scheme as SignatureScheme, names)
      } catch (error) {
        if (!isDrifthookError(error)) throw error
        check.addIssue({ code: 'custom', path: [scheme], message: (error as Error).message })
      }
    }
  })

const fields = {
  name: nameField,
  description: descriptionField,
  url: z.string().min(1).max(2_048),
  events: z.array(z.string().max(200)).min(1, 'name at least one event').max(100),
  contractId: idField.nullable(),
  monitorId: idField.nullable(),
  audience: z.enum(['internal', 'partner']),
  channel: z.string().max(32),
  enabled: z.boolean(),
  signature: signatureField,
  signatureHeaders: signatureHeadersField.nullable(),
  retryDelays: retryDelaysField.nullable(),
  rateLimit: rateLimitField.nullable(),
  headers: headersField,
}

export const createInput = z.strictObject({
  ...fields,
  name: fields.name.optional(),
  description: fields.description.default(null),
  contractId: fields.contractId.default(null),
  monitorId: fields.monitorId.default(null),
  audience: fields.audience.default('internal'),
  /** Default: told from the URL. */
  channel: fields.channel.optional(),
  enabled: fields.enabled.default(true),
  /** Default: the host's option `delivery.signature`. */
  signature: fields.signature.optional(),
  signatureHeaders: fields.signatureHeaders.default(null),
  retryDelays: fields.retryDelays.default(null),
  rateLimit: fields.rateLimit.default(null),
  headers: fields.headers.default({}),
})

export const updateInput = z
  .strictObject(fields)
  .partial()
  .refine((input) => Object.keys(input).length > 0, { message: 'name at least one field to change' })

export const listInput = z.strictObject({
  ...pageOptions,
  contractId: idField.optional(),
  // Over HTTP it is a word; `Boolean('false')` is true.
  enabled: z.union([z.boolean(), z.stringbool({ truthy: ['true'], falsy: ['false'] })]).optional(),
})

const hour = 3_600_000

export const rotateInput = z.strictObject({
  /** How long the secret before signs too, in milliseconds: 0 to 7 days. Default 24 hours. */
  overlapMs: z
    .number()
    .int()
    .min(0)
    .max(7 * 24 * hour)
    .default(24 * hour),
})

export const replayInput = z
  .strictObject({
    /** The first instant of the window. */
    from: z.iso.datetime({ offset: true }),
    /** The last one. Default: now. */
    to: z.iso.datetime({ offset: true }).optional(),
    /** Which of the window's messages. Default: what failed and what was missed. */
    status: z
      .array(z.enum(['failed', 'delivered', 'missed']))
      .min(1)
      .default(['failed', 'missed']),
  })
  .refine(({ from, to }) => to === undefined || Date.parse(from) <= Date.parse(to), {
    path: ['to'],
    message: 'must not be before from',
  })

export type SubscriptionCreate = z.input<typeof createInput>
export type SubscriptionUpdate = z.input<typeof updateInput>
export type SubscriptionList = z.input<typeof listInput>
export type SecretRotate = z.input<typeof rotateInput>
export type ReplayRequest = z.input<typeof replayInput>
