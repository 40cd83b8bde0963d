/** IP addresses as senders have them and as owners list them: one spelling each, so that they can be compared. */
import { isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** Bits of an IPv6 address that name a sender's network; the others are the sender's own to change. */
const networkBits = 64

/**
 * An address in its one spelling (RFC 5952), IPv4 in IPv6 as the IPv4 it is; null if it is none. A zone
 * (`%eth0`) is left out.
 */
export function plainAddress(text: string | null | undefined): string | null {
  return read((text ?? '').replace(/%.*$/s, ''))?.toString() ?? null
}

/** The addresses that one sender has for sure: an IPv4 address is one, of IPv6 it is a network. */
export function networkOf(plain: string): string {
  const address = read(plain)
  if (!(address instanceof ipaddr.IPv6)) return plain
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${plain}/${networkBits}`)}/${networkBits}`
}

/**
 * An address, or a range in CIDR notation, in its one spelling: `10.1.2.3/8` is `10.0.0.0/8`. Null if it is
 * neither.
 */
export function plainRange(text: string): string | null {
  const [, host = '', bits] = /^([^/]*)(?:\/(0|[1-9][0-9]{0,2}))?$/.exec(text) ?? []
  const address = read(host)
  if (address === null) return null
  if (bits === undefined) return address.toString()
  // A range of IPv4 addresses may have been written as the IPv6 range it is carried in.
  const most = address instanceof ipaddr.IPv4 ? 32 : 128
  const prefix = most === 32 && host.includes(':') ? Number(bits) - 96 : Number(bits)
  if (prefix < 0 || prefix > most) return null
  const network = (most === 32 ? ipaddr.IPv4 : ipaddr.IPv6).networkAddressFromCIDR(`${address}/${prefix}`)
  return prefix === most ? network.toString() : `${network}/${prefix}`
}

/** @param ranges as {@link plainRange} spells them */
export function isWithin(ranges: readonly string[], plain: string): boolean {
  const address = read(plain)
  if (address === null) return false
  return ranges.some((range) => {
    if (!range.includes('/')) return range === plain
    const [network, prefix] = ipaddr.parseCIDR(range)
    return network.kind() === address.kind() && address.match(network, prefix)
  })
}

function read(text: string): Address | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text)
  if (!isIPv6(text) || text.includes('%')) return null
  // ipaddr.js takes `::a.b.c.d` for a mapped address, which it is not; `new URL` writes it without dots.
  const address = ipaddr.IPv6.parse(new URL(`http://[${text}]`).hostname.slice(1, -1))
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address
}
