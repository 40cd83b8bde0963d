/** What lets an upload in: the token in its URL, and the secret its files are signed with. */
import { createHash, randomBytes } from 'node:crypto'
import type { Row } from '../../ports/tables.js'
import { newSecret, secretPrefix } from '../../signing/index.js'
import type { Context } from '../context.js'
import type { SecretBox } from '../secret-box.js'
import { monitorPlace } from '../secret-places.js'

/** How every token looks. */
const tokenForm = /^[A-Za-z0-9_-]{43}$/

const tokenPlace = (tenantId: string, id: string) => monitorPlace(tenantId, id, 'token')
const signingPlace = (tenantId: string, id: string) => monitorPlace(tenantId, id, 'signing')
const tokenHash = (token: string): string => createHash('sha256').update(token).digest('hex')

type Token = Pick<Row<'monitors'>, 'tokenHash' | 'tokenPrefix' | 'tokenSealed'>
type Signing = Pick<Row<'monitors'>, 'signingSealed' | 'signingPrefix'>

/** The columns of a monitor whose files are not signed. */
export const unsigned: Signing = { signingSealed: null, signingPrefix: null }

/** A new token, 32 random bytes as 43 characters of URL-safe base64, and the columns that keep it. */
export function newToken(box: SecretBox, tenantId: string, id: string): { token: string; columns: Token } {
  const token = randomBytes(32).toString('base64url')
  const tokenSealed = box.seal(token, tokenPlace(tenantId, id))
  return { token, columns: { tokenHash: tokenHash(token), tokenPrefix: token.slice(0, 6), tokenSealed } }
}

/** A new secret, as subscriptions have them, and the columns that keep it. */
export function newSigning(
  box: SecretBox,
  tenantId: string,
  id: string,
): { signingSecret: string; columns: Signing } {
  const signingSecret = newSecret()
  const signingSealed = box.seal(signingSecret, signingPlace(tenantId, id))
  return { signingSecret, columns: { signingSealed, signingPrefix: secretPrefix(signingSecret) } }
}

/** @throws DrifthookError `SECRET_UNREADABLE` */
export const openToken = (box: SecretBox, { tenantId, id, tokenSealed }: Row<'monitors'>): string =>
  box.open(tokenSealed, tokenPlace(tenantId, id))

/**
 * The key of the files' signatures: the whole secret, as text. Null: they are not signed.
 * @throws DrifthookError `SECRET_UNREADABLE`
 */
export function signingKey(box: SecretBox, monitor: Row<'monitors'>): Uint8Array | null {
  const { tenantId, id, signingSealed } = monitor
  return signingSealed === null ? null : Buffer.from(box.open(signingSealed, signingPlace(tenantId, id)))
}

/** A monitor's secrets under the current key: see `SecretBox.reseal`. */
export function resealed(box: SecretBox, { tenantId, id, tokenSealed, signingSealed }: Row<'monitors'>) {
  return {
    tokenSealed: box.reseal(tokenSealed, tokenPlace(tenantId, id)),
    signingSealed: signingSealed === null ? null : box.reseal(signingSealed, signingPlace(tenantId, id)),
  }
}

/** The monitor whose upload token this is, of whatever tenant, or null. What is no token asks nobody. */
export async function monitorByToken(context: Context, token: string): Promise<Row<'monitors'> | null> {
  if (!tokenForm.test(token)) return null
  return context.storage.lookup('monitors', 'token', { tokenHash: tokenHash(token) })
}
