/** Where a subscription's deliveries go and what they are signed with. */
import type { SignatureHeaders, SignatureScheme } from '../../model.js'
import type { Row } from '../../ports/tables.js'
import type { Context } from '../context.js'
import type { SecretBox } from '../secret-box.js'
import { subscriptionPlace } from '../secret-places.js'
import { shownUrl } from './receiver-address.js'

/** In the clear. */
export interface Destination {
  url: string
  headers: Record<string, string>
  /** All that sign at this instant, newest first. */
  secrets: string[]
}

type Sealed = Pick<
  Row<'subscriptions'>,
  'tenantId' | 'id' | 'urlSealed' | 'headersSealed' | 'secretSealed' | 'previousSecrets'
>

/**
 * What calling a receiver takes.
 * @param now milliseconds since 1970: which secrets of a rotation still sign
 * @throws DrifthookError `SECRET_UNREADABLE`
 */
export function destinationOf(secrets: SecretBox, found: Sealed, now: number): Destination {
  const { tenantId, id } = found
  const open = (sealed: string, column: string) =>
    secrets.open(sealed, subscriptionPlace(tenantId, id, column))
  const headers = Object.entries(found.headersSealed).map(([name, sealed]) => [
    name,
    open(sealed, `headers.${name}`),
  ])
  const sealedSecrets = [
    found.secretSealed,
    ...overlapping(found.previousSecrets, now).map(({ sealed }) => sealed),
  ]
  return {
    url: openUrl(secrets, found),
    headers: Object.fromEntries(headers),
    secrets: sealedSecrets.map((sealed) => open(sealed, 'secret')),
  }
}

/** The secrets of earlier rotations that still sign. */
export const overlapping = <T extends { until: number }>(previous: readonly T[], now: number): T[] =>
  previous.filter(({ until }) => until > now)

/** The columns of a receiver's URL. */
export const sealUrl = (
  secrets: SecretBox,
  { tenantId, id, channel }: Pick<Row<'subscriptions'>, 'tenantId' | 'id' | 'channel'>,
  url: string,
) => ({
  urlSealed: secrets.seal(url, subscriptionPlace(tenantId, id, 'url')),
  urlShown: shownUrl(url, channel),
})

/** A receiver's URL in the clear. @throws DrifthookError `SECRET_UNREADABLE` */
export const openUrl = (
  secrets: SecretBox,
  { tenantId, id, urlSealed }: Pick<Row<'subscriptions'>, 'tenantId' | 'id' | 'urlSealed'>,
): string => secrets.open(urlSealed, subscriptionPlace(tenantId, id, 'url'))

/** The column of a subscription's own headers; names in lower case. */
export const sealHeaders = (
  secrets: SecretBox,
  tenantId: string,
  id: string,
  headers: Record<string, string>,
) => ({
  headersSealed: Object.fromEntries(
    Object.entries(headers).map(([given, value]) => {
      const name = given.toLowerCase()
      return [name, secrets.seal(value, subscriptionPlace(tenantId, id, `headers.${name}`))]
    }),
  ),
})

/** The header names a subscription's signature comes in, as far as somebody chose them. */
export const signatureHeadersOf = (
  { delivery }: Pick<Context, 'delivery'>,
  { signature, signatureHeaders }: Pick<Row<'subscriptions'>, 'signature' | 'signatureHeaders'>,
): SignatureHeaders => ({ ...delivery.signatureHeaders[signature as SignatureScheme], ...signatureHeaders })
