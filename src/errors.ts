/**
 * Every error drifthook raises or answers carries one of these codes. The record is exhaustive: a code
 * that is not here does not compile, and `docs/reference/errors.md` has one anchor for each.
 *
 * `status` is the HTTP status the code is answered with; 500 for what only a developer ever sees.
 */
const codes = {
  // The request
  INVALID_REQUEST: { status: 400, title: 'The request is not valid' },
  BODY_INVALID: { status: 400, title: 'The body could not be read' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  UNAUTHENTICATED: { status: 401, title: 'No valid credentials' },
  FORBIDDEN: { status: 403, title: 'Not permitted' },
  CROSS_SITE: { status: 403, title: 'Refused: a cookie request from another site' },
  NOT_FOUND: { status: 404, title: 'Not found' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'Method not allowed' },
  CONFLICT: { status: 409, title: 'Changed by someone else meanwhile' },
  NAME_TAKEN: { status: 409, title: 'The name is taken' },
  CONTRACT_IN_USE: { status: 409, title: 'The contract is in use' },
  IDEMPOTENCY_CONFLICT: { status: 409, title: 'The idempotency key belongs to another request' },
  WEBHOOK_DISABLED: { status: 409, title: 'The webhook is disabled' },
  LIMIT_REACHED: { status: 409, title: 'A limit of this installation is reached' },
  HTTPS_REQUIRED: { status: 403, title: 'HTTPS required' },

  // The upload
  TOKEN_UNKNOWN: { status: 404, title: 'Upload token not found' },
  MONITOR_INACTIVE: { status: 403, title: 'The monitor is inactive' },
  RATE_LIMITED: { status: 429, title: 'Too many requests' },
  ADDRESS_REFUSED: { status: 403, title: 'Uploads from this address are not accepted' },
  SIGNATURE_INVALID: { status: 401, title: 'The signature of the upload is not valid' },
  UPLOAD_TIMEOUT: { status: 408, title: 'The upload came too slowly' },
  UPLOADS_BUSY: { status: 503, title: 'Too many uploads at once' },
  SPOOL_UNAVAILABLE: { status: 503, title: 'The upload could not be kept while it came in' },
  ENCODING_UNSUPPORTED: { status: 400, title: 'The content encoding is not supported' },
  UPLOAD_INVALID: { status: 400, title: 'The upload could not be read' },
  FILE_MISSING: { status: 400, title: 'No file in the request' },
  FILE_FIELD_WRONG: { status: 400, title: 'The file is in the wrong field' },
  FILES_TOO_MANY: { status: 400, title: 'More files than are accepted at once' },
  FILE_EMPTY: { status: 400, title: 'The file is empty' },
  FILE_TOO_LARGE: { status: 400, title: 'The file is too large' },
  FILE_ARCHIVE: { status: 400, title: 'The file is an archive' },
  FILE_EXECUTABLE: { status: 400, title: 'The file is a program' },
  FILE_SUSPICIOUS: { status: 400, title: 'The file does not look like data' },
  FILE_TYPE_REFUSED: { status: 400, title: 'The declared file type is not accepted' },
  RAW_BODY_UNAVAILABLE: { status: 500, title: 'The request body was consumed before drifthook saw it' },

  // The file's content
  FORMAT_UNDECIDED: { status: 400, title: 'The format of the file could not be told' },
  FORMAT_MISMATCH: { status: 400, title: 'The file has another format than the contract' },
  XML_DOCTYPE_REFUSED: { status: 400, title: 'XML with a document type is not accepted' },
  FILE_MALFORMED: { status: 400, title: 'The file could not be parsed' },
  FILE_LIMIT_EXCEEDED: { status: 400, title: 'The file exceeds a limit' },
  INTERRUPTED: { status: 500, title: 'The process ended before the file was compared' },
  SCHEMA_UNSUPPORTED: { status: 400, title: 'The schema cannot serve as a contract' },

  // Ours
  INTERNAL: { status: 500, title: 'Internal error' },
  STORAGE_UNAVAILABLE: { status: 503, title: 'The storage does not answer' },
  STOPPED: { status: 503, title: 'drifthook is stopped' },

  // Only a developer sees these
  OPTION_INVALID: { status: 500, title: 'An option is not valid' },
  CAPABILITY_MISSING: { status: 500, title: 'The storage cannot do this' },
  DRIVER_NOT_FOUND: { status: 500, title: 'A driver is not installed' },
  STORAGE_INCOMPATIBLE: { status: 500, title: 'The database does not fit this version' },
  SECRET_UNREADABLE: { status: 500, title: 'A stored secret cannot be decrypted' },
  WORKER_NOT_FOUND: { status: 500, title: 'The analysis worker was not found' },
} as const satisfies Record<string, { status: number; title: string }>

export type ErrorCode = keyof typeof codes

/** One fault at one place of the input. `path` uses dots and `[n]`, in the spelling the caller used. */
export interface FieldError {
  path: string
  code: string
  message: string
}

/** Where in a file a fault was found. Lines, columns, records and segments count from 1, bytes from 0. */
export interface Place {
  line?: number
  column?: number
  byte?: number
  record?: number
  segment?: number
  path?: string
}

/** The limit that was hit: its option's name and its value, in the unit the name says. */
export interface Limit {
  name: string
  value: number
}

export interface ErrorDetails {
  errors?: readonly FieldError[]
  place?: Place
  limit?: Limit
  /** Seconds after which trying again makes sense. */
  retryAfterSeconds?: number
  /** The DriftEvent that recorded the failed comparison. */
  eventId?: number
  cause?: unknown
}

const brand = Symbol.for('drifthook.error')

/**
 * The one error class. Recognise it with {@link isDrifthookError}, not `instanceof`: an application can
 * hold an ESM and a CJS copy of this package at once, and their classes differ.
 */
export class DrifthookError extends Error {
  readonly code: ErrorCode
  readonly errors: readonly FieldError[]
  readonly place: Place | undefined
  readonly limit: Limit | undefined
  readonly retryAfterSeconds: number | undefined
  readonly eventId: number | undefined

  /**
   * @param code one of the list above
   * @param message one sentence that says what happened and what to do; shown to callers, so never a
   *   value, a secret or a stack
   */
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'DrifthookError'
    this.code = code
    this.errors = details.errors ?? []
    this.place = details.place
    this.limit = details.limit
    this.retryAfterSeconds = details.retryAfterSeconds
    this.eventId = details.eventId
    Object.defineProperty(this, brand, { value: true })
  }

  /** The HTTP status this error is answered with. */
  get status(): number {
    return codes[this.code].status
  }

  /** The code's own short title, the same for every occurrence. */
  get title(): string {
    return codes[this.code].title
  }
}

/** Whether `error` is a {@link DrifthookError}, whichever copy of the package made it. */
export function isDrifthookError(error: unknown): error is DrifthookError {
  return typeof error === 'object' && error !== null && brand in error
}

/** Every code there is, for documentation and tests. */
export const errorCodes = Object.keys(codes) as ErrorCode[]
