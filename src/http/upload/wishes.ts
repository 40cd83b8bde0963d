/** What a sender asks for beside the comparison: in headers, the query or the fields of the form. */
import { z } from 'zod'
import { idempotencyKeyField } from '../../services/idempotency.js'
import type { UploadWishes } from '../../services/uploads/receive.js'
import { invalidField, validate } from '../../services/validate.js'
import type { HttpRequest } from '../request.js'

const headers = z.strictObject({ idempotencyKey: idempotencyKeyField.nullable() })

const booleans = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
])

/**
 * @param fields the text fields of a multipart body
 * @throws DrifthookError `INVALID_REQUEST`
 */
export function wishesOf(request: HttpRequest, fields: Record<string, unknown>): UploadWishes {
  const { idempotencyKey } = validate(headers, { idempotencyKey: request.get('idempotency-key') ?? null })
  return {
    idempotencyKey,
    dryRun: dryRunOf(request, fields),
    later: prefers(request.get('prefer') ?? '', 'respond-async'),
  }
}

/** In the query or in the form. Given more than once it must say one thing: a file is not recorded by mistake. */
function dryRunOf(request: HttpRequest, fields: Record<string, unknown>): boolean {
  const query = new URLSearchParams(request.originalUrl.split('?')[1] ?? '')
  const given = [...query.getAll('dry_run'), fields.dry_run ?? []].flat()
  const values = new Set(given.map((text) => booleans.get(String(text))))
  if (values.has(undefined) || values.size > 1)
    throw invalidField('dryRun', 'invalid', 'must be true or false')
  return values.has(true)
}

/** Whether a header `Prefer` (RFC 7240) has this preference. */
const prefers = (header: string, preference: string): boolean =>
  header.split(',').some((each) => each.split(';')[0]?.trim().toLowerCase() === preference)
