/** Certificates for bad receivers: made when they are needed, self-signed, worth nothing to anybody. */

import { generateKeyPairSync, sign } from 'node:crypto'

export interface Certificate {
  /** Both PEM. */
  key: string
  cert: string
}

const DAY_MS = 24 * 3_600_000

/** Of DER (X.690), the little that a certificate of version 3 (RFC 5280 §4.1) takes. */
const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts)
  const { length } = content
  const octets = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Uint8Array.from([tag, ...octets]), content])
}
const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts)
const integer = (value: number) => der(0x02, Uint8Array.of(value))
const object = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const octets = (content: Uint8Array) => der(0x04, content)
const bits = (content: Uint8Array) => der(0x03, Uint8Array.of(0), content)
const text = (value: string) => der(0x0c, Buffer.from(value))
/** UTCTime: `YYMMDDHHMMSSZ`. */
const time = (ms: number) =>
  der(0x17, Buffer.from(`${new Date(ms).toISOString().replace(/\D/g, '').slice(2, 14)}Z`))

const ecdsaWithSha256 = sequence(object('2a8648ce3d040302'))
const commonName = object('550403')
const subjectAltName = object('551d11')
const dnsName = (name: string) => der(0x82, Buffer.from(name))
const loopback = der(0x87, Uint8Array.of(127, 0, 0, 1))

/**
 * A certificate and its key, signed by itself.
 *
 * @param validDays days from yesterday to its end; negative for one that is over
 * @param name the one name it is for; default 127.0.0.1 and localhost
 */
export function selfSigned(validDays: number, name?: string): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const start = Date.now() - DAY_MS
  const end = start + validDays * DAY_MS
  const subject = sequence(der(0x31, sequence(commonName, text('drifthook test'))))
  const names = sequence(...(name === undefined ? [loopback, dnsName('localhost')] : [dnsName(name)]))
  const content = sequence(
    der(0xa0, integer(2)),
    integer(1),
    ecdsaWithSha256,
    subject,
    sequence(time(Math.min(start, end - DAY_MS)), time(end)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(sequence(subjectAltName, octets(names)))),
  )
  const certificate = sequence(content, ecdsaWithSha256, bits(sign('sha256', content, privateKey)))
  const lines = certificate.toString('base64').replace(/.{64}/g, '$&\n')
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  }
}
