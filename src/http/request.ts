import type { IncomingMessage, ServerResponse } from 'node:http'

/** A request as Express 4 and 5 both give it: what drifthook and a host's `authenticate` read of it. */
export interface HttpRequest extends IncomingMessage {
  get(name: string): string | undefined
  readonly originalUrl: string
  readonly baseUrl: string
  readonly params: Record<string, string>
  /** The sender's address, as the host's `trust proxy` setting judges it. */
  readonly ip?: string | undefined
  /** Whether it came by HTTPS, as the host's `trust proxy` setting judges it. */
  readonly secure: boolean
  /** What an earlier body parser of the host made of the body. */
  body?: unknown
}

/** A middleware both versions of Express accept. */
export type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void
