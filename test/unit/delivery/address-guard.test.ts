import { describe, expect, it } from 'vitest'
import { createAddressGuard } from '../../../src/delivery/address-guard.js'
import { addressKind } from '../../../src/delivery/address-kind.js'

const strict = createAddressGuard()
const lenient = createAddressGuard({ allowLoopback: true })
const listed = createAddressGuard({ allowLoopback: [3000, 8443] })

/** Each class of address, its first and last ones where the range has edges, and public neighbours. */
const addresses: [kind: string, refused: string[], twins: string[]][] = [
  ['unspecified', ['0.0.0.0', '0.1.2.3', '0.255.255.255', '::'], ['1.0.0.0', '1.1.1.1']],
  ['private', ['10.0.0.0', '10.255.255.255'], ['9.255.255.255', '11.0.0.0']],
  ['private', ['172.16.0.0', '172.31.255.255'], ['172.15.255.255', '172.32.0.0']],
  ['private', ['192.168.0.0', '192.168.255.255'], ['192.167.255.255', '192.169.0.0']],
  [
    'carrierGradeNat',
    ['100.64.0.0', '100.100.100.200', '100.127.255.255'],
    ['100.63.255.255', '100.128.0.0'],
  ],
  ['linkLocal', ['169.254.0.0', '169.254.169.254', '169.254.170.2'], ['169.253.255.255', '169.255.0.0']],
  [
    'reserved',
    ['192.0.0.1', '192.0.0.192', '192.0.2.1', '192.88.99.1'],
    ['192.0.1.1', '192.0.3.1', '192.88.98.1'],
  ],
  [
    'reserved',
    ['198.18.0.1', '198.19.255.255', '198.51.100.7'],
    ['198.17.255.255', '198.20.0.0', '198.51.101.7'],
  ],
  ['reserved', ['203.0.113.9', '240.0.0.1', '255.255.255.254'], ['203.0.114.9', '223.255.255.255']],
  ['multicast', ['224.0.0.1', '239.255.255.250'], ['223.255.255.254']],
  ['broadcast', ['255.255.255.255'], ['8.8.8.8']],
  ['as112', ['192.175.48.1', '192.31.196.1'], ['192.175.49.1', '192.31.197.1']],
  ['amt', ['192.52.193.1'], ['192.52.194.1']],
  ['metadata', ['168.63.129.16'], ['168.63.129.15']],
  ['uniqueLocal', ['fc00::1', 'fd00:ec2::254', 'fd20:ce::254', 'fdff::1'], ['2a00:1450:4001:80b::200e']],
  ['linkLocal', ['fe80::1', 'febf::1'], ['2606:4700::1111']],
  ['deprecatedSiteLocal', ['fec0::1'], ['2620:fe::fe']],
  ['multicast', ['ff02::1', 'ff05::1:3', 'ff0e::1'], ['2400:cb00::1']],
  ['discard', ['100::1'], ['2001:4860:4860::8888']],
  ['reserved', ['2001:db8::1', '3fff::1', '2001:1::1'], ['2001:db7::1', '2001:dba::1', '3ffe::1']],
  ['benchmarking', ['2001:2::1'], ['2001:200::1']],
  ['orchid2', ['2001:20::1'], ['2001:500:88:200::8']],
  ['segmentRouting', ['5f00::1'], ['2c0f:fb50::1']],
  ['unallocated', ['4000::1', '64:ff9b::1:0:1', '1::1', 'e000::1'], ['2a03:2880::1']],
  // IPv4 inside IPv6.
  ['loopback', ['::ffff:127.0.0.1', '::ffff:7f00:1'], ['::ffff:8.8.8.8', '::ffff:808:808']],
  ['private', ['::ffff:10.0.0.1', '0:0:0:0:0:ffff:c0a8:0101'], ['::ffff:9.9.9.9']],
  ['linkLocal', ['::ffff:169.254.169.254'], ['::ffff:1.1.1.1']],
  ['unallocated', ['::127.0.0.1', '::7f00:1', '::10.0.0.1', '::8.8.8.8'], ['2001:4860::8888']],
  [
    'NAT64',
    ['64:ff9b::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b::a00:1'],
    ['64:ff9b::8.8.8.8', '64:ff9b::808:808'],
  ],
  ['NAT64', ['64:ff9b::169.254.169.254', '64:ff9b::a83f:8110', '64:ff9b:1::8.8.8.8'], ['64:ff9b::101:101']],
  ['6to4', ['2002:7f00:1::1', '2002:a00:1::', '2002:808:808::1'], ['2003:808:808::1']],
  ['teredo', ['2001::1', '2001:0:4136:e378:8000:63bf:80ff:fffe'], ['2001:200::1']],
  ['rfc6145', ['::ffff:0:127.0.0.1', '::ffff:0:8.8.8.8'], ['2600::1']],
  ['ISATAP', ['2606:4700::5efe:10.0.0.1', '2606:4700::200:5efe:7f00:1'], ['2606:4700::5efe:8.8.8.8']],
  // What no system writes.
  ['unreadable', ['', 'localhost', '127.1', '0x7f.0.0.1', '017700000001', '2130706433'], ['8.8.4.4']],
  ['unreadable', ['0177.0.0.1', '08.8.8.8', '1.2.3', '1.2.3.4.5', '256.1.1.1', '[2600::1]'], ['1.2.3.4']],
  ['scoped', ['fe80::1%eth0', '2600::1%1'], ['2600::1']],
]

describe('addresses', () => {
  const rows = (column: 1 | 2) => addresses.flatMap((row) => row[column].map((ip) => [ip, row[0]] as const))

  it.each(rows(1))('%s is refused as %s', (ip, kind) => {
    expect(addressKind(ip)).toBe(kind)
    expect(strict.refusalOfAddress(ip, 443)).toMatchObject({ code: 'address_refused' })
    // Permission for loopback is permission for nothing else.
    expect(lenient.refusalOfAddress(ip, 443) === null).toBe(kind === 'loopback')
  })

  it.each(rows(2))('%s is public, unlike %s', (ip) => {
    expect(strict.refusalOfAddress(ip, 443)).toBeNull()
    expect(lenient.refusalOfAddress(ip, 443)).toBeNull()
  })

  it.each(['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1'])('%s is loopback', (ip) => {
    expect(strict.refusalOfAddress(ip, 3000)).toMatchObject({ code: 'address_refused' })
    expect(lenient.refusalOfAddress(ip, 3000)).toBeNull()
    expect(listed.refusalOfAddress(ip, 3000)).toBeNull()
    expect(listed.refusalOfAddress(ip, 3001)).toMatchObject({ code: 'address_refused' })
  })
})

describe('spellings of a loopback host', () => {
  it.each([
    '127.0.0.1',
    '127.1',
    '127.0.1',
    '127.0.0.1.',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0X7F.0.0.1',
    '0x7f.0.0.01',
    '0177.0.0.1',
    '017700000001',
    '127.0.0.0x1',
    '00000177.1',
    '１２７.０.０.１',
    '①②⑦.⓪.⓪.①',
    '127。0。0。1',
    '127．0．0．1',
    '%31%32%37.0.0.1',
    '127.0.0.1%2e',
    '127.0.0.1\u00ad',
    '12\t7.0.0.1',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[0000::0001]',
    '[::ffff:127.0.0.1]',
    '[::FFFF:7f00:1]',
    '[0:0:0:0:0:ffff:127.0.0.1]',
    'localhost',
    'LocalHost',
    'localhost.',
    'ｌｏｃａｌｈｏｓｔ',
    'hooks.localhost',
    'hooks.localhost.',
  ])('https://%s/ is refused, and http too; both pass where loopback is allowed', (host) => {
    for (const scheme of ['https', 'http']) {
      expect(strict.refusalOfUrl(`${scheme}://${host}/`)).not.toBeNull()
      expect(lenient.refusalOfUrl(`${scheme}://${host}/`)).toBeNull()
      expect(listed.refusalOfUrl(`${scheme}://${host}:3000/`)).toBeNull()
      expect(listed.refusalOfUrl(`${scheme}://${host}:3001/`)).not.toBeNull()
    }
    expect(strict.refusalOfUrl(`https://${host}/`)).toMatchObject({ code: 'address_refused' })
    expect(strict.refusalOfUrl(`http://${host}/`)).toMatchObject({ code: 'not_https' })
  })
})

describe('URLs', () => {
  it.each([
    'https://example.com/hooks?token=1',
    'https://example.com.',
    'https://EXAMPLE.com:8443/',
    'https://example.com:1/',
    'https://example.com:65535/',
    'https://xn--bcher-kva.example/',
    'https://bücher.example/#x',
    'https://my-localhost.example/',
    'https://local.example/',
    'https://internal.example.com/',
    'https://127.0.0.1.example.com/',
    'https://8.8.8.8/',
    'https://134744072/',
    'https://0x8.8.8.8/',
    'https://８.８.８.８/',
    'https://8.8.8.8.:8443/',
    'https://[2606:4700::1111]/',
    'https://[::ffff:8.8.8.8]/',
    'https://[64:ff9b::8.8.8.8]/',
  ])('%s may be called', (url) => {
    expect(strict.refusalOfUrl(url)).toBeNull()
    expect(strict.refusalOfUrl(new URL(url))).toBeNull()
    expect(listed.refusalOfUrl(url)).toBeNull()
  })

  it.each([
    ['http://example.com/', 'not_https'],
    ['http://8.8.8.8/', 'not_https'],
    ['http://10.0.0.1/', 'not_https'],
    ['ftp://example.com/', 'not_https'],
    ['ws://127.0.0.1/', 'not_https'],
    ['file:///etc/passwd', 'not_https'],
    ['data:text/plain,x', 'not_https'],
    ['javascript:alert(1)', 'not_https'],
    ['', 'invalid_url'],
    ['/hooks', 'invalid_url'],
    ['example.com', 'invalid_url'],
    ['https://', 'invalid_url'],
    ['https://exa mple.com/', 'invalid_url'],
    ['https://example.com:65536/', 'invalid_url'],
    ['https://example.com:0/', 'invalid_url'],
    ['https://127.0.0.1:0/', 'invalid_url'],
    ['https://user@example.com/', 'invalid_url'],
    ['https://user:pass@example.com/', 'invalid_url'],
    ['https://:pass@example.com/', 'invalid_url'],
    ['https://example.com@10.0.0.1/', 'invalid_url'],
    ['https://256.1.1.1/', 'invalid_url'],
    ['https://1.2.3.4.5/', 'invalid_url'],
    ['https://example.1/', 'invalid_url'],
    ['https://example..com/', 'invalid_url'],
    ['https://example.com../', 'invalid_url'],
    ['https://.example.com/', 'invalid_url'],
    ['https://[fe80::1%25eth0]/', 'invalid_url'],
    ['https://[fe80::1%eth0]/', 'invalid_url'],
    ['https://[::1/', 'invalid_url'],
    ['https://intranet/', 'address_refused'],
    ['https://intranet./', 'address_refused'],
    ['https://printer.local/', 'address_refused'],
    ['https://printer.LOCAL./', 'address_refused'],
    ['https://printer。local/', 'address_refused'],
    ['https://metadata.google.internal/', 'address_refused'],
    ['https://nas.home.arpa/', 'address_refused'],
    ['https://box.localdomain/', 'address_refused'],
    ['https://10.0.0.1/', 'address_refused'],
    ['https://0xa.0.0.1/', 'address_refused'],
    ['https://169.254.169.254/latest/meta-data', 'address_refused'],
    ['https://2852039166/', 'address_refused'],
    ['https://168.63.129.16/', 'address_refused'],
    ['https://[fd00:ec2::254]/', 'address_refused'],
    ['https://[::ffff:a9fe:a9fe]/', 'address_refused'],
    ['https://[::127.0.0.1]/', 'address_refused'],
    ['https://[64:ff9b::10.0.0.1]/', 'address_refused'],
    ['https://[2002:7f00:1::]/', 'address_refused'],
    ['https://0/', 'address_refused'],
    ['https://[::]/', 'address_refused'],
  ])('%j is refused as %s, loopback allowed or not', (url, code) => {
    expect(strict.refusalOfUrl(url)).toMatchObject({ code })
    expect(lenient.refusalOfUrl(url)).toMatchObject({ code })
  })

  it('never repeats what may be secret', () => {
    for (const url of ['https://user:hunter2@example.com/', 'http://example.com/?key=hunter2', 'hunter2']) {
      expect(strict.refusalOfUrl(url)?.message).not.toContain('hunter2')
    }
  })

  it('a list permits nothing on the ports it names but loopback', () => {
    expect(listed.refusalOfUrl('http://127.0.0.1:8443/')).toBeNull()
    expect(listed.refusalOfUrl('http://example.com:8443/')).toMatchObject({ code: 'not_https' })
    expect(listed.refusalOfUrl('https://10.0.0.1:8443/')).toMatchObject({ code: 'address_refused' })
    expect(listed.refusalOfUrl('https://localhost/')).toMatchObject({ code: 'address_refused' })
  })
})
