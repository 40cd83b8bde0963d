/**
 * What kind of place an IP address leads to.
 *
 * The ranges are the IANA special-purpose registries (RFC 6890 and its successors), as ipaddr.js carries
 * them. What it does not know is added here: addresses that carry another one inside, IPv6 space nobody
 * was given, and one cloud's metadata service on an address that looks public.
 */

import { isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'

/** `public` is the only kind a webhook may go to; any other word names the range, for the message. */
export type AddressKind = 'public' | 'loopback' | (string & {})

/** Global unicast (RFC 4291 §2.4, IANA): all that has been allocated. The rest of IPv6 is no destination. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')

/** Azure's platform service. Routed only inside that cloud, though the range is nobody's private one. */
const metadata = new Set(['168.63.129.16'])

/**
 * Judges an address as written by WHATWG URL, DNS or a socket. An IPv4 address is read only in its four
 * decimal parts: the short, octal and hexadecimal spellings are URL spellings, and `new URL` resolves
 * them before this is asked.
 *
 * - IPv4-mapped addresses (`::ffff:a.b.c.d`) are what they carry: the system connects to that.
 * - NAT64 addresses (`64:ff9b::/96`, RFC 6052) lead to what they carry, through a gateway: public only if
 *   that is.
 * - IPv4-compatible, 6to4, Teredo and translated addresses are never public: they are deprecated, no
 *   receiver lives there, and what they carry may be anything.
 * - ISATAP interface ids (RFC 5214 §6.1) in a public network are judged by what they carry.
 */
export function addressKind(ip: string): AddressKind {
  if (ip.includes('%')) return 'scoped'
  if (ipaddr.IPv4.isValidFourPartDecimal(ip)) return ipv4Kind(ipaddr.IPv4.parse(ip))
  if (!isIPv6(ip)) return 'unreadable'

  // ipaddr.js takes `::a.b.c.d` for a mapped address, which it is not; `new URL` writes it without dots.
  const address = ipaddr.IPv6.parse(new URL(`http://[${ip}]`).hostname.slice(1, -1))
  const range = address.range()
  const [, , third = 0, , fifth = 0, sixth = 0, high = 0, low = 0] = address.parts
  const carried = new ipaddr.IPv4([high >> 8, high & 0xff, low >> 8, low & 0xff])

  if (range === 'ipv4Mapped') return ipv4Kind(carried)
  // The same range holds 64:ff9b:1::/48 (RFC 8215), which every operator uses as they like.
  if (range === 'rfc6052') return third === 0 && ipv4Kind(carried) === 'public' ? 'public' : 'NAT64'
  if (range !== 'unicast') return range
  if (!address.match(globalUnicast)) return 'unallocated'
  // The two bits left out say "universal" and "group".
  const isatap = (fifth & 0xfcff) === 0 && sixth === 0x5efe
  if (isatap && ipv4Kind(carried) !== 'public') return 'ISATAP'
  return 'public'
}

function ipv4Kind(address: ipaddr.IPv4): AddressKind {
  const range = address.range()
  if (range !== 'unicast') return range
  return metadata.has(address.toString()) ? 'metadata' : 'public'
}
