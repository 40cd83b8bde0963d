/** The faults of a subscription that only the whole picture shows. */
import { type FieldError, isDrifthookError } from '../../errors.js'
import type { SignatureHeaders, SignatureScheme } from '../../model.js'
import type { Row } from '../../ports/tables.js'
import { signatureHeaders } from '../../signing/index.js'
import { isKnownPattern } from '../catalogue.js'
import type { Context } from '../context.js'
import { invalid } from '../validate.js'
import { signatureHeadersOf } from './destination.js'

/** A subscription as it would be stored; of its events and its monitor, what of them is new. */
export interface Proposed
  extends Pick<Row<'subscriptions'>, 'events' | 'channel' | 'monitorId' | 'signature' | 'signatureHeaders'> {
  /** In the clear; undefined: it stays as it is. */
  url: string | undefined
  headerNames: readonly string[]
}

/** @throws DrifthookError `INVALID_REQUEST` with one entry per fault */
export async function checkSubscription(
  context: Context,
  tenantId: string,
  proposed: Proposed,
): Promise<void> {
  const { monitorId } = proposed
  const errors = [
    ...unknownEvents(context, proposed),
    ...faultOfTarget(context, proposed),
    ...faultsOfHeaders(context, proposed),
  ]
  if (monitorId !== null && (await context.storage.get('monitors', tenantId, monitorId)) === null) {
    errors.push({ path: 'monitorId', code: 'unknown_monitor', message: 'no such monitor' })
  }
  if (errors.length > 0) throw invalid(errors)
}

function unknownEvents({ eventTypes }: Context, { events }: Proposed): FieldError[] {
  return events.flatMap((event, n) =>
    isKnownPattern(event, eventTypes)
      ? []
      : [{ path: `events[${n}]`, code: 'unknown_event', message: `no such event: ${JSON.stringify(event)}` }],
  )
}

/** Of the channel, and of the address it is to call. */
function faultOfTarget({ channels, transport }: Context, { channel: name, url }: Proposed): FieldError[] {
  if (url === undefined) return []
  const channel = channels.get(name)
  if (channel === undefined && name !== 'webhook') {
    const known = ['webhook', ...channels.keys()].join(', ')
    return [{ path: 'channel', code: 'unknown_channel', message: `no such channel; there are ${known}` }]
  }
  // A channel of the host's own that sends for itself calls no address of ours to guard.
  const refusal = channel?.send === undefined ? transport.refusal(url) : null
  if (refusal !== null) return [{ path: 'url', ...refusal }]
  const fault = channel?.refusal?.(url) ?? null
  return fault === null ? [] : [{ path: 'url', code: 'invalid_target', message: fault }]
}

/** The scheme's headers have names of its own, and no header of the subscriber's stands in for one. */
function faultsOfHeaders(context: Context, { headerNames, ...signed }: Proposed): FieldError[] {
  let names: SignatureHeaders
  try {
    names = signatureHeaders(signed.signature as SignatureScheme, signatureHeadersOf(context, signed))
  } catch (error) {
    if (!isDrifthookError(error)) throw error
    return [{ path: 'signatureHeaders', code: 'invalid_header', message: (error as Error).message }]
  }
  const taken = new Set(Object.values(names).map((name) => name.toLowerCase()))
  return headerNames
    .filter((name) => taken.has(name.toLowerCase()))
    .map((name) => ({ path: `headers.${name}`, code: 'reserved_header', message: 'carries the signature' }))
}
