/** What a caller may say of a subscription. */
import { z } from 'zod'
import { pageOptions } from './paging.js'
import { isHeaderName, reservedHeader } from './receiver-address.js'
import { descriptionField, idField, nameField } from './shared.js'

const headerValue = z
  .string()
  .max(4_096)
  .regex(/^[\t\x20-\x7e]*$/, 'must be visible ASCII')
const headersField = z
  .record(
    z
      .string()
      .refine(isHeaderName, 'is not a header name')
      .refine((name) => !reservedHeader(name), 'is set by drifthook itself'),
    headerValue,
  )
  .refine((headers) => Object.keys(headers).length <= 50, 'at most 50 headers')

const fields = {
  name: nameField,
  description: descriptionField,
  url: z.string().min(1).max(2_048),
  events: z.array(z.string().max(200)).min(1, 'name at least one event').max(100),
  contractId: idField.nullable(),
  monitorId: idField.nullable(),
  audience: z.enum(['internal', 'partner']),
  enabled: z.boolean(),
  headers: headersField,
}

export const createInput = z.strictObject({
  ...fields,
  name: fields.name.optional(),
  description: fields.description.default(null),
  contractId: fields.contractId.default(null),
  monitorId: fields.monitorId.default(null),
  audience: fields.audience.default('internal'),
  enabled: fields.enabled.default(true),
  headers: fields.headers.default({}),
})

export const updateInput = z
  .strictObject(fields)
  .partial()
  .refine((input) => Object.keys(input).length > 0, { message: 'name at least one field to change' })

export const listInput = z.strictObject({
  ...pageOptions,
  contractId: idField.optional(),
  enabled: z.coerce.boolean().optional(),
})

export type SubscriptionCreate = z.input<typeof createInput>
export type SubscriptionUpdate = z.input<typeof updateInput>
export type SubscriptionList = z.input<typeof listInput>
