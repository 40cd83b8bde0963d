import { BlockList, isIPv4 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AddressGuard, createAddressGuard } from '../../../src/index.js'
import { type Vector, vectors } from './fixtures/vectors.js'

const strict = createAddressGuard()
const lenient = createAddressGuard({ allowLoopback: true })
const listed = createAddressGuard({ allowLoopback: [3000, 8443] })
const guards = [strict, lenient, listed]

const verdictOf = (guard: AddressGuard, { subject, text }: Pick<Vector, 'subject' | 'text'>) =>
  (subject === 'url' ? guard.refusalOfUrl(text) : guard.refusalOfAddress(text, 443))?.code ?? 'public'

describe('the vectors', () => {
  it('are many, and none stands there twice', () => {
    const seen = vectors.map(({ subject, text }) => `${subject} ${text}`)
    expect(seen.filter((text, n) => seen.indexOf(text) < n)).toEqual([])
    expect(seen.length).toBeGreaterThanOrEqual(300)
  })

  it.each([...new Set(vectors.map((row) => row.class))])('have a positive twin: %s', (name) => {
    const verdicts = vectors.filter((row) => row.class === name).map((row) => row.verdict)
    expect(verdicts).toContain('public')
    expect(verdicts.some((verdict) => verdict !== 'public')).toBe(true)
  })

  it.each(vectors.map((row) => [row.text, row.verdict, row.class, row] as const))(
    '%j is %s: %s',
    (_text, verdict, _class, row) => {
      expect(verdictOf(strict, row)).toBe(verdict === 'loopback' ? 'address_refused' : verdict)
      // Permission for loopback is permission for nothing else.
      expect(verdictOf(lenient, row)).toBe(verdict === 'loopback' ? 'public' : verdict)
    },
  )

  it('are judged the same as URL objects', () => {
    for (const { subject, text, verdict } of vectors) {
      if (subject === 'address' || !URL.canParse(text)) continue
      expect(lenient.refusalOfUrl(new URL(text))).toEqual(lenient.refusalOfUrl(text))
      expect(strict.refusalOfUrl(new URL(text)) === null).toBe(verdict === 'public')
    }
  })
})

describe('loopback', () => {
  const urls = vectors.filter((row) => row.verdict === 'loopback' && row.subject === 'url')
  const addresses = vectors.filter((row) => row.verdict === 'loopback' && row.subject === 'address')

  it.each(urls.map((row) => row.text))(
    '%j may be called by http: where it is allowed, nowhere else',
    (text) => {
      const url = new URL(text)
      url.protocol = 'http:'
      expect(strict.refusalOfUrl(url)).toMatchObject({ code: 'not_https' })
      expect(lenient.refusalOfUrl(url)).toBeNull()
      for (const protocol of ['http:', 'https:']) {
        url.protocol = protocol
        for (const port of ['3000', '8443']) {
          url.port = port
          expect(listed.refusalOfUrl(url)).toBeNull()
        }
        url.port = '3001'
        expect(listed.refusalOfUrl(url)).not.toBeNull()
      }
    },
  )

  it.each(addresses.map((row) => row.text))('%s may be connected to on the ports it is allowed on', (ip) => {
    expect(listed.refusalOfAddress(ip, 3000)).toBeNull()
    expect(listed.refusalOfAddress(ip, 3001)).toMatchObject({ code: 'address_refused' })
  })

  it('is allowed on the port that a URL does not name', () => {
    const web = createAddressGuard({ allowLoopback: [80] })
    const secure = createAddressGuard({ allowLoopback: [443] })
    expect(web.refusalOfUrl('http://localhost/')).toBeNull()
    expect(web.refusalOfUrl('https://127.0.0.1/')).toMatchObject({ code: 'address_refused' })
    expect(secure.refusalOfUrl('https://127.0.0.1/')).toBeNull()
    expect(secure.refusalOfUrl('http://localhost/')).toMatchObject({ code: 'not_https' })
    const nowhere = createAddressGuard({ allowLoopback: [] })
    expect(nowhere.refusalOfUrl('https://127.0.0.1/')).toMatchObject({ code: 'address_refused' })
  })

  it('on a listed port permits nothing else there', () => {
    expect(listed.refusalOfUrl('http://127.0.0.1:8443/')).toBeNull()
    expect(listed.refusalOfUrl('http://example.com:8443/')).toMatchObject({ code: 'not_https' })
    expect(listed.refusalOfUrl('https://10.0.0.1:8443/')).toMatchObject({ code: 'address_refused' })
    expect(listed.refusalOfUrl('https://0.0.0.0:8443/')).toMatchObject({ code: 'address_refused' })
    expect(listed.refusalOfUrl('https://printer.local:8443/')).toMatchObject({ code: 'address_refused' })
  })
})

describe('a refusal', () => {
  it('never repeats what may be secret', () => {
    for (const url of ['https://user:hunter2@example.com/', 'http://example.com/?key=hunter2', 'hunter2']) {
      expect(strict.refusalOfUrl(url)?.message).not.toContain('hunter2')
    }
  })

  it('says what kind of place it is', () => {
    expect(strict.refusalOfUrl('https://10.0.0.1/')?.message).toContain('private')
    expect(strict.refusalOfAddress('168.63.129.16', 443)?.message).toContain('metadata')
  })
})

/** The IANA registries as the names of the classes, read by Node instead of by us. */
const registry = { ipv4: new BlockList(), ipv6: new BlockList() }
for (const { class: name } of vectors) {
  const [, base = '', length] = name.match(/^(\S+)\/(\d+) /) ?? []
  if (length === undefined) continue
  const family = isIPv4(base) ? 'ipv4' : 'ipv6'
  registry[family].addSubnet(base, Number(length), family)
}

/** Any IPv4 address; half of them in or near the special ranges. */
const ipv4 = fc
  .oneof(
    fc.nat(0xffff_ffff),
    fc
      .tuple(fc.constantFrom(...vectors.filter(({ text }) => isIPv4(text))), fc.nat(0xff))
      .map(([{ text }, low]) => ((numberOf(text) & ~0xff) | low) >>> 0),
  )
  .map((value) => ({ value, dotted: bytesOf(value).join('.') }))

const bytesOf = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff)
const numberOf = (dotted: string) => dotted.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
const hex = (value: number) => `${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}`

describe('any address', () => {
  it('of IPv4 is public exactly where the registry says nothing and no platform sits', () => {
    fc.assert(
      fc.property(ipv4, ({ dotted }) => {
        const special = registry.ipv4.check(dotted) || dotted === '168.63.129.16'
        expect(strict.refusalOfAddress(dotted, 443) === null).toBe(!special)
      }),
      { numRuns: 500 },
    )
  })

  it('of global IPv6 is public exactly where the registry says nothing and nothing is embedded', () => {
    const word = fc.nat(0xffff)
    const first = fc.oneof(
      fc.constantFrom([0x2001, 0], [0x2001, 0xdb8], [0x2002, 0x808], [0x2620, 0x4f], [0x3fff, 0xfff]),
      fc.tuple(fc.constant(0x2001), fc.nat(0x3ff)),
      fc.tuple(fc.integer({ min: 0x2000, max: 0x3fff }), word),
    )
    const third = fc.oneof(fc.constantFrom(0, 0x112, 0x7fff, 0x8000), word)
    fc.assert(
      fc.property(first, third, fc.array(word, { minLength: 5, maxLength: 5 }), (start, middle, rest) => {
        fc.pre(rest[2] !== 0x5efe)
        const ip = [...start, middle, ...rest].map((part) => part.toString(16)).join(':')
        expect(strict.refusalOfAddress(ip, 443) === null).toBe(!registry.ipv6.check(ip, 'ipv6'))
      }),
      { numRuns: 500 },
    )
  })

  it('of IPv4 is judged the same however a URL spells it', () => {
    const radix = fc.constantFrom(
      (part: number) => String(part),
      (part: number) => `0${part.toString(8)}`,
      (part: number) => `0x${part.toString(16)}`,
      (part: number) => `0X000${part.toString(16).toUpperCase()}`,
      (part: number) => String(part).replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
    )
    const spelling = fc.record({
      parts: fc.integer({ min: 1, max: 4 }),
      radixes: fc.array(radix, { minLength: 4, maxLength: 4 }),
      dot: fc.constantFrom('.', '。', '%2e'),
      end: fc.constantFrom('', '.'),
    })
    fc.assert(
      fc.property(ipv4, spelling, ({ value, dotted }, { parts, radixes, dot, end }) => {
        const bytes = bytesOf(value)
        const last = bytes.slice(parts - 1).reduce((sum, byte) => sum * 256 + byte, 0)
        const host = [...bytes.slice(0, parts - 1), last].map((part, n) => radixes[n]?.(part)).join(dot)
        for (const guard of guards) {
          expect(guard.refusalOfUrl(`https://${host}${end}:3000/`)).toEqual(
            guard.refusalOfAddress(dotted, 3000),
          )
        }
      }),
      { numRuns: 500 },
    )
  })

  it('of IPv4 is judged as itself when it is mapped into IPv6', () => {
    fc.assert(
      fc.property(ipv4, ({ value, dotted }) => {
        for (const ip of [`::ffff:${dotted}`, `::ffff:${hex(value)}`, `0:0:0:0:0:FFFF:${hex(value)}`]) {
          for (const guard of guards) {
            expect(guard.refusalOfAddress(ip, 3000)).toEqual(guard.refusalOfAddress(dotted, 3000))
            expect(guard.refusalOfUrl(`https://[${ip}]:3000`)).toEqual(guard.refusalOfAddress(dotted, 3000))
          }
        }
      }),
      { numRuns: 200 },
    )
  })

  it('of IPv4 decides for NAT64 and ISATAP, where even loopback is not this machine', () => {
    fc.assert(
      fc.property(ipv4, ({ value, dotted }) => {
        const refused = strict.refusalOfAddress(dotted, 443) !== null
        for (const prefix of ['64:ff9b::', '2606:4700::5efe:', '2606:4700::200:5efe:']) {
          for (const ip of [prefix + dotted, prefix + hex(value)]) {
            for (const guard of guards) {
              expect(guard.refusalOfAddress(ip, 3000) !== null).toBe(refused)
              expect(guard.refusalOfUrl(`https://[${ip}]:3000`) !== null).toBe(refused)
            }
          }
        }
      }),
      { numRuns: 200 },
    )
  })

  it('of IPv4 makes no other form of IPv6 public', () => {
    fc.assert(
      fc.property(ipv4, ({ value, dotted }) => {
        // ::1 is what `::0.0.0.1` is.
        fc.pre(value !== 1)
        const within = hex(value)
        const forms = [
          ...['::', '::ffff:0:', '64:ff9b:1::', '100::', 'fe80::5efe:', 'fc00::'].map(
            (start) => start + dotted,
          ),
          ...[`2002:${within}::1`, `2001::${within}`, `2001:0:${within}::`, `64:ff9b:1:${within}::`],
          `2001:0:4136:e378:8000:63bf:${hex(~value >>> 0)}`,
        ]
        for (const ip of forms) {
          for (const guard of guards) {
            expect(guard.refusalOfAddress(ip, 3000)).toMatchObject({ code: 'address_refused' })
            expect(guard.refusalOfUrl(`https://[${ip}]:3000`)).toMatchObject({ code: 'address_refused' })
          }
        }
      }),
      { numRuns: 200 },
    )
  })

  it('and any text is judged, never thrown at', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...'0123456789abcdefx:.%[]@/\\ ') }),
      fc.ipV6(),
      fc.webAuthority({ withIPv4Extended: true, withIPv6: true, withPort: true, withUserInfo: true }),
    )
    fc.assert(
      fc.property(text, (it) => {
        for (const guard of guards) {
          guard.refusalOfAddress(it, 443)
          guard.refusalOfUrl(it)
          guard.refusalOfUrl(`https://${it}/`)
        }
      }),
      { numRuns: 500 },
    )
  })
})
