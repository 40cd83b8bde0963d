import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { DrifthookError } from '../errors.js'

/** Where a secret is stored. It is bound to this place: moved elsewhere, it cannot be opened. */
export type SecretPlace = `${string}/${string}/${string}/${string}`

/** Encrypts what must be read again. */
export interface SecretBox {
  /** @param place `table/tenant/id/column` */
  seal(plain: string, place: SecretPlace): string
  /** @throws DrifthookError `SECRET_UNREADABLE` if the key is unknown, or the text altered or moved */
  open(sealed: string, place: SecretPlace): string
  /**
   * The same secret under the current key; the same text if it is sealed with that already.
   * @throws DrifthookError `SECRET_UNREADABLE`
   */
  reseal(sealed: string, place: SecretPlace): string
}

const algorithm = 'aes-256-gcm'
const ivBytes = 12
const tagBytes = 16

/**
 * AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce per secret and the place as additional data.
 * Sealed: `v1.<key id>.<base64url of nonce, ciphertext, tag>`.
 * @param keys key id to 32 bytes
 * @param current the id of the key new secrets are sealed with
 */
export function secretBox(keys: ReadonlyMap<string, Uint8Array>, current: string): SecretBox {
  const box: SecretBox = {
    seal(plain, place) {
      const iv = randomBytes(ivBytes)
      const cipher = createCipheriv(algorithm, keyOf(keys, current), iv)
      cipher.setAAD(Buffer.from(place))
      const sealed = Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `v1.${current}.${sealed.toString('base64url')}`
    },
    open(sealed, place) {
      const [version, keyId, body] = sealed.split('.')
      if (version !== 'v1' || keyId === undefined || body === undefined) throw unreadable('an unknown format')
      const bytes = Buffer.from(body, 'base64url')
      if (bytes.byteLength < ivBytes + tagBytes) throw unreadable('it was cut off')
      const decipher = createDecipheriv(algorithm, keyOf(keys, keyId), bytes.subarray(0, ivBytes))
      decipher.setAAD(Buffer.from(place))
      decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes))
      try {
        const plain = decipher.update(bytes.subarray(ivBytes, bytes.length - tagBytes))
        return Buffer.concat([plain, decipher.final()]).toString('utf8')
      } catch (cause) {
        throw unreadable('the wrong key, or altered', cause)
      }
    },
    reseal: (sealed, place) =>
      sealed.startsWith(`v1.${current}.`) ? sealed : box.seal(box.open(sealed, place), place),
  }
  return box
}

/** Secrets that are kept opened: of the receivers that are busy now. */
const mostOpened = 1_000

/**
 * A box that opens the same secret once while it is in use: to sign, it lies open in memory anyway, and opening
 * it for every attempt costs more than signing. The one unused for longest is forgotten first.
 */
export function rememberingBox(box: SecretBox): SecretBox {
  const opened = new Map<string, string>()
  return {
    ...box,
    open(sealed, place) {
      const key = `${place} ${sealed}`
      const plain = opened.get(key) ?? box.open(sealed, place)
      opened.delete(key)
      opened.set(key, plain)
      if (opened.size > mostOpened) opened.delete(opened.keys().next().value ?? '')
      return plain
    },
  }
}

function keyOf(keys: ReadonlyMap<string, Uint8Array>, id: string): Uint8Array {
  const key = keys.get(id)
  if (key === undefined) throw unreadable(`no key of id ${JSON.stringify(id)} in the option secretKey`)
  return key
}

const unreadable = (why: string, cause?: unknown) =>
  new DrifthookError('SECRET_UNREADABLE', `A stored secret cannot be decrypted: ${why}.`, { cause })
