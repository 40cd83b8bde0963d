/** The event types there are, and which of them a subscription's patterns match. */

/** What drifthook itself publishes. */
export const builtInTypes = [
  'drift.detected',
  'check.repeated',
  'check.passed',
  'check.failed',
  'subscription.failing',
  'subscription.recovered',
  'subscription.disabled',
] as const

/** A subscription may also ask by result; each matches the messages of a comparison that had this result. */
export const resultPatterns = ['breaking', 'warning', 'pass'] as const

const comparisons: readonly string[] = ['drift.detected', 'check.repeated', 'check.passed']

/** The grammar of an event type: dot-separated words of lower-case letters, digits and `_`. */
export const typeGrammar = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/

/** A test is sent to whom it tests, whatever that one subscribes to, and to nobody else. */
const isSubscribable = (type: string): boolean => type !== 'ping'

/** Whether a subscription may ask for this: a known type, a result, `*`, or `<known first words>.*`. */
export function isKnownPattern(pattern: string, hostTypes: readonly string[]): boolean {
  const types = [...builtInTypes, ...hostTypes]
  if (pattern === '*' || (resultPatterns as readonly string[]).includes(pattern)) return true
  if (pattern.endsWith('.*')) return types.some((type) => type.startsWith(pattern.slice(0, -1)))
  return types.includes(pattern)
}

/** Every pattern that matches a message: its type, `*`, `<its first words>.*`, and a comparison's result. */
export function patternsOf({ type, result }: { type: string; result: string | null }): string[] {
  if (!isSubscribable(type)) return []
  const words = type.split('.')
  const prefixes = words.slice(1).map((_, n) => `${words.slice(0, n + 1).join('.')}.*`)
  return [type, '*', ...prefixes, ...(result !== null && comparisons.includes(type) ? [result] : [])]
}
