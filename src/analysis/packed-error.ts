import { DrifthookError, type ErrorCode, type FieldError, type Limit, type Place } from '../errors.js'

/** A DrifthookError as plain data, to cross from a worker thread. */
export interface PackedError {
  code: ErrorCode
  message: string
  errors: readonly FieldError[]
  place?: Place
  limit?: Limit
  retryAfterSeconds?: number
}

export const pack = ({
  code,
  message,
  errors,
  place,
  limit,
  retryAfterSeconds,
}: DrifthookError): PackedError => ({
  code,
  message,
  errors,
  ...(place === undefined ? {} : { place }),
  ...(limit === undefined ? {} : { limit }),
  ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
})

export const unpack = ({ code, message, ...details }: PackedError): DrifthookError =>
  new DrifthookError(code, message, details)
