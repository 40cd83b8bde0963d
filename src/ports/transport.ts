/** The transport port: one HTTP request to a receiver, bounded in time and size, and what came of it. */

export interface OutboundRequest {
  url: string
  headers: Record<string, string>
  body: Uint8Array
  /** One deadline, in milliseconds, over DNS, connect, proxy, TLS, headers and body. */
  timeoutMs: number
}

/**
 * Whose fault a failed request is: `ours` (this machine, its egress proxy, a transport that is closing), the
 * network's, the receiver's; or `refused`, the URL, address or request, before anything was sent.
 */
export type FailureClass = 'ours' | 'refused' | 'network' | 'receiver'

/** Milliseconds each phase took; a phase that did not happen is absent. */
export interface Timings {
  dns?: number
  connect?: number
  tls?: number
  firstByte?: number
  total: number
}

export interface OutboundResult {
  /** The status, or null if no response came. */
  status: number | null
  /** Response headers worth keeping, by allow-list, names in lower case. */
  headers: Record<string, string>
  /** The first 2 KiB of the response; the rest is read to a cap and dropped. Null without a response. */
  body: Uint8Array | null
  timings: Timings
  /** Null if a response came, whatever its status. */
  failure: { class: FailureClass; code: string; message: string } | null
}

export interface Transport {
  /** Sends one POST. Never rejects: whatever happens is a result. Redirects are never followed. */
  send(request: OutboundRequest): Promise<OutboundResult>
  /**
   * Judges a URL before it is stored: scheme, credentials, port, literal address.
   * @returns null if it may be called, else the code and sentence of the refusal
   */
  refusal(url: string): { code: 'invalid_url' | 'not_https' | 'address_refused'; message: string } | null
  /** Ends all connections; what is under way fails as `ours`. */
  close(): Promise<void>
}
