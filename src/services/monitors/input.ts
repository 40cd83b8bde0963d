/** What a caller may say of a monitor. */
import { z } from 'zod'
import { plainRange } from '../addresses.js'
import { pageOptions } from '../paging.js'
import { descriptionField, idField, nameField, rateLimitField } from '../shared.js'
import type { UploadSettings } from '../uploads/settings.js'
import { invalidField } from '../validate.js'

/** More partners' networks than a file comes from; few enough to be looked at on every upload. */
const mostRanges = 100

const rangeField = z
  .string()
  .max(64)
  .transform((text, check) => {
    const plain = plainRange(text)
    if (plain !== null) return plain
    check.addIssue({
      code: 'custom',
      params: { code: 'invalid_address' },
      message: 'is an IPv4 or IPv6 address, or a range of them such as 192.0.2.0/24',
    })
    return z.NEVER
  })

const fields = ({ maxBytes, maxFiles }: UploadSettings) => ({
  name: nameField,
  description: descriptionField,
  contractId: idField,
  active: z.boolean(),
  /** Bytes of one file; null: as many as the installation allows. */
  maxBytes: z.number().int().min(1).max(maxBytes).nullable(),
  /** Files in one request. */
  maxFiles: z.number().int().min(1).max(maxFiles),
  /** Null: the installation's. */
  rateLimit: rateLimitField.nullable(),
  /** Who may upload; none: everybody who has the token. */
  allowedAddresses: z
    .array(rangeField)
    .max(mostRanges)
    .transform((list) => [...new Set(list)]),
  signed: z.boolean(),
})

/** @param upload the installation's limits, which no monitor exceeds */
export function monitorInputs(upload: UploadSettings) {
  const given = fields(upload)
  return {
    create: z.strictObject({
      ...given,
      description: given.description.default(null),
      active: given.active.default(true),
      maxBytes: given.maxBytes.default(null),
      maxFiles: given.maxFiles.default(1),
      rateLimit: given.rateLimit.default(null),
      allowedAddresses: given.allowedAddresses.default([]),
      signed: given.signed.default(false),
    }),
    update: z
      .strictObject(given)
      .partial()
      .refine((input) => Object.keys(input).length > 0, { message: 'name at least one field to change' }),
  }
}

export const listInput = z.strictObject({ ...pageOptions, contractId: idField.optional() })

type Inputs = ReturnType<typeof monitorInputs>
export type MonitorCreate = z.input<Inputs['create']>
export type MonitorUpdate = z.input<Inputs['update']>
export type MonitorList = z.input<typeof listInput>

/**
 * One signature is of one file.
 * @throws DrifthookError `INVALID_REQUEST`
 */
export function refuseSeveralSigned(signed: boolean, maxFiles: number): void {
  if (!signed || maxFiles === 1) return
  throw invalidField('maxFiles', 'too_big', 'a signed monitor takes one file per request')
}
