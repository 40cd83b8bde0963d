import type { z } from 'zod'
import { DrifthookError, type FieldError } from '../errors.js'

/**
 * The input, checked and typed.
 * @throws DrifthookError `INVALID_REQUEST` with one entry per fault
 */
export function validate<Schema extends z.ZodType>(schema: Schema, input: unknown): z.infer<Schema> {
  const outcome = schema.safeParse(input)
  if (outcome.success) return outcome.data
  throw invalid(outcome.error.issues.flatMap((issue) => fieldErrors(issue, input)))
}

/** An `INVALID_REQUEST` made of faults found elsewhere. */
export function invalid(errors: FieldError[]): DrifthookError {
  const first = errors[0]
  const place = first?.path ? `\`${first.path}\`: ` : ''
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  return new DrifthookError('INVALID_REQUEST', `${place}${first?.message ?? 'not valid'}${more}`, { errors })
}

/** One fault of one field, ready to throw. */
export const invalidField = (path: string, code: string, message: string): DrifthookError =>
  invalid([{ path, code, message }])

function fieldErrors(issue: z.core.$ZodIssue, input: unknown): FieldError[] {
  const path = pathText(issue.path)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: path === '' ? key : `${path}.${key}`,
      code: 'unknown_field',
      message: 'no such field',
    }))
  }
  if (issue.code === 'invalid_type' && valueAt(input, issue.path) === undefined) {
    return [{ path, code: 'required', message: 'is required' }]
  }
  const code = issue.code === 'custom' ? String(issue.params?.code ?? 'invalid') : issue.code
  return [{ path, code, message: issue.message }]
}

const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    return text === '' ? String(part) : `${text}.${String(part)}`
  }, '')

const valueAt = (input: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, part) =>
      value === null || value === undefined ? undefined : (value as Record<PropertyKey, unknown>)[part],
    input,
  )
