/** Routes as data: what the binder needs to know of each, and nothing about Express. */
import type { Principal } from '../model.js'
import type { Services } from '../services/index.js'
import type { MemoryFile } from './upload/memory.js'
import type { ReceivedFiles } from './upload/reader.js'

/** One request to a management route, read and authenticated. */
export interface Call {
  principal: Principal
  services: Services
  params: Record<string, string>
  /** Keys in camelCase; values are text, or several texts of one name. */
  query: Record<string, unknown>
  /** Keys in camelCase. */
  body: unknown
  /** The header `Idempotency-Key`, where the route takes it; null without. */
  idempotencyKey: string | null
  /** Only where the route takes one and the request is multipart. */
  form: ReceivedFiles<MemoryFile> | null
  /** The absolute or rooted URL that uploads of this token go to; null if the host did not say where. */
  uploadUrl(token: string): string | null
}

export interface Route {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below the router's mount point, with `:name` for parameters. `PATCH` answers `PUT` too. */
  path: string
  status: 200 | 201 | 202 | 204
  /** Whether a multipart upload may stand for the JSON body. */
  takesFile?: boolean
  /** Whether `Idempotency-Key` makes a repetition harmless. */
  idempotent?: boolean
  /** Whether the names in the answer are somebody else's, and so not the wire's to spell. */
  foreign?: boolean
  handle(call: Call): Promise<unknown>
}

/** A parameter the path is known to have. */
export const param = (call: Call, name: string): string => call.params[name] ?? ''

/** The body with the key of the header in it, as the services take it. */
export const keyed = ({ body, idempotencyKey }: Call): unknown =>
  idempotencyKey === null || typeof body !== 'object' ? body : { ...body, idempotencyKey }
