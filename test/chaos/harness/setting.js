/** What all processes of a run agree on. */

/** Names the tenant that asks. */
export const tenantHeader = 'x-tenant'

/** A lease lasts for this and 10 s more, by the clock of the run. */
export const timeoutMs = 500

/** The options that every process of one application must share, and those that make a short run worth watching. */
export const commonOptions = {
  secretKey: new Uint8Array(32).fill(7),
  eventTypes: ['order.created', 'news.sent'],
  delivery: {
    allowLoopback: true,
    timeoutMs,
    // As many as no run of bad luck uses up.
    retryDelays: Array.from({ length: 40 }, () => 1_000),
    perSubscription: 16,
    concurrency: 32,
  },
  logger: {
    debug() {},
    info() {},
    warn: console.warn,
    error: console.error,
  },
}
