import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compare, mergeProfiles, profile, renderText, toSchema } from '../../../src/diff/index.js'
import type { Policy } from '../../../src/diff/report.js'
import { bytesOf, errorOf, linesOf } from './fixtures/helpers.js'

/** What costs more than its size never ends; a busy machine takes its time. In milliseconds. */
const hangs = 180_000

const profileIni = (text: string) => profile(bytesOf(text), { format: 'key-value' })
const schemaOf = (text: string) => JSON.parse(JSON.stringify(toSchema(profileIni(text))))
const drift = (before: string, after: string, policy?: Policy) =>
  compare(schemaOf(before), profileIni(after), policy)

const ini = `; a comment
# another
! and another
// and one more
host = db.example.com
port=5432
empty =
"quoted key" = "quoted value"
single = 'x'

[pool]
min=1
max = 10
url = http://example.com/?a=b
[log.file]
path = /var/log
skip-verify
`

describe('what a key-value profile keeps', () => {
  it('keys, sections, values as text', () => {
    const { root, dialect } = profileIni(ini)
    expect(dialect).toEqual({ delimiter: 'equals sign', encoding: 'ascii', sections: true })
    const keys = ['host', 'port', 'empty', 'quoted key', 'single', 'pool', 'log.file']
    expect([...root.children.keys()]).toEqual(keys)
    expect([...root.children.get('pool')!.children.keys()]).toEqual(['min', 'max', 'url'])
    expect(root.children.get('port')!.types.integer).toBe(1)
    expect(root.children.get('empty')!.empty).toBe(1)
    expect(root.children.get('log.file')!.children.get('skip-verify')!.types.null).toBe(1)
    expect(root.children.get('quoted key')!.sketch.entries[0]!.literal).toBe('quoted value')
    expect(root.children.get('single')!.sketch.entries[0]!.literal).toBe('x')
    expect(root.children.get('pool')!.places.object).toEqual({
      line: 11,
      column: 1,
      byte: ini.indexOf('[pool]'),
    })
  })

  it.each([
    ['=', 'a = 1\nb = x: y\n', 'equals sign'],
    [':', 'a: 1\nb: x=y\n', 'colon'],
    ['\t', 'a\t1\nb\tx=y\n', 'tab'],
  ])('separated by %j', (_, text, delimiter) => {
    const { root, dialect } = profileIni(text)
    expect(dialect.delimiter).toBe(delimiter)
    expect([...root.children.keys()]).toEqual(['a', 'b'])
    expect(root.children.get('b')!.types.string).toBe(1)
  })

  it('comments only at the start of a line, separators only the first, quotes around keys', () => {
    const { root } = profileIni('color = #fff ; red\nquery = a=b=c\n"k=1" = v\n')
    const literal = (key: string) => root.children.get(key)!.sketch.entries[0]!.literal
    expect([literal('color'), literal('query'), literal('k=1')]).toEqual(['#fff ; red', 'a=b=c', 'v'])
  })

  it('line ends of all kinds and no last one', () => {
    for (const end of ['\n', '\r\n', '\r']) {
      const { root } = profileIni(['a=1', '', '[s]', 'b=2'].join(end))
      expect([...root.children.keys()]).toEqual(['a', 's'])
      expect(root.children.get('s')!.children.get('b')!.places.integer).toMatchObject({ line: 4, column: 1 })
    }
  })

  it('keys that are hard on objects', () => {
    const seen = profileIni('__proto__ = 1\nconstructor = 2\n[__proto__]\ntoString = 3\n"#text" = 4\n')
    const schema = JSON.parse(JSON.stringify(toSchema(seen)))
    expect(compare(schema, seen).changes).toEqual([])
    expect(Object.keys(schema.properties)).toEqual(['__proto__', 'constructor'])
  })

  it('UTF-16 and windows-1252', () => {
    for (const bytes of [
      Buffer.from('\ufeffa = é\nb = 2\n', 'utf16le'),
      Buffer.from('a = é\nb = 2\n', 'latin1'),
    ]) {
      const { root } = profile(bytes)
      expect(root.children.get('a')!.sketch.entries[0]!.literal).toBe('é')
    }
  })
})

const lines = (edits: Record<string, string | null> = {}) => {
  const base: Record<string, string> = {
    'server.host': 'db1',
    'server.port': '5432',
    started: '2024-05-31',
    userName: 'ann',
  }
  const all: Record<string, string | null> = { ...base, ...edits }
  return Object.entries(all)
    .flatMap(([key, value]) => (value === null ? [] : [`${key} = ${value}`]))
    .join('\n')
}
/** A contract that learned from forty files. */
const learned = Array.from({ length: 40 }, (_, i) =>
  profileIni(lines({ 'server.host': `db${i}x`, 'server.port': `${5_000 + i}`, userName: `ann${i}x` })),
).reduce(mergeProfiles)

describe('what a change shows as in a key-value file', () => {
  it.each<[string, string, string[]]>([
    ['nothing', lines(), []],
    ['drop', lines({ 'server.port': null }), [String.raw`removed server\.port breaking`]],
    ['add', lines({ extra: '1' }), ['added extra warning']],
    ['add a section', `${lines()}\n[extra]\na=1\nb=2`, ['added extra warning']],
    ['rename', lines({ userName: null, user_name: 'ann' }), ['renamed userName>user_name breaking']],
    ['retype', lines({ 'server.port': 'auto' }), [String.raw`changed server\.port type breaking`]],
    ['empty', lines({ userName: '' }), ['changed userName nullability warning']],
    ['format', lines({ started: '31.05.2024' }), ['changed started format breaking']],
    ['repeat', `${lines()}\nuserName = bob`, ['changed userName cardinality breaking']],
    ['another order', lines().split('\n').reverse().join('\n'), []],
    ['another separator', lines().replaceAll(' = ', ': '), ['changed $ format warning']],
    [
      'into a section',
      `${lines({ userName: null })}\n[user]\nname = ann`,
      ['added user warning', 'removed userName breaking'],
    ],
  ])('%s', (_, text, expected) => {
    expect(linesOf(compare(JSON.parse(JSON.stringify(toSchema(learned))), profileIni(text)))).toEqual(
      expected,
    )
  })

  it('lists are keys that repeat', () => {
    const list = 'a=1\na=2\n[s]\nk=1\n[s]\nk=2\n'
    expect(schemaOf(list)).toMatchObject({
      properties: {
        a: { type: 'array', items: { type: 'integer' } },
        s: { type: 'array', items: { type: 'object', properties: { k: { type: 'integer' } } } },
      },
    })
    expect(linesOf(drift(list, 'a=1\n[s]\nk=2'))).toEqual([])
    expect(linesOf(drift(list, 'a=x\n[s]\nj=2'))).toEqual([
      'changed a[] type breaking',
      'added s[].j warning',
      'removed s[].k warning',
    ])
  })
})

describe('what a key-value file is refused for', () => {
  it.each([
    ['a = 1\nthis is prose, not a key\n', { line: 2, column: 1, byte: 6 }],
    ['a = 1\n\n= 2\n', { line: 3, column: 1, byte: 7 }],
    ['just words here\n', { line: 1, column: 1, byte: 0 }],
    ['word\n', { line: 1, column: 1, byte: 0 }],
  ])('%j with its place', (text, place) => {
    expect(errorOf(() => profileIni(text))).toMatchObject({ code: 'FILE_MALFORMED', place })
  })

  it('nothing but comments', () => {
    for (const text of ['', '# a\n', '\n\n']) expect(errorOf(() => profileIni(text)).code).toBe('FILE_EMPTY')
  })

  it.each([
    ['keyLength', `${'k'.repeat(50)}=1`, 49],
    ['paths', 'a=1\nb=1\nc=1', 2],
    ['bytes', 'a=1', 2],
  ])('the limit of %s', (name, text, value) => {
    const error = errorOf(() => profile(bytesOf(text), { format: 'key-value', limits: { [name]: value } }))
    expect(error).toMatchObject({ code: 'FILE_LIMIT_EXCEEDED', limit: { name, value } })
  })
})

const key = fc.constantFrom('a', 'b.c', 'user name', '__proto__', 'x-1', '"q=1"')
const value = fc.oneof(
  fc.constantFrom('', '1', '01', '1.5', 'true', '2024-01-31', '"quoted"', 'a=b', 'some words'),
  fc.string({ maxLength: 8 }).map((text) => text.replace(/[\r\n]/g, '')),
)
const pair = fc.tuple(key, value).map(([name, text]) => `${name} = ${text}`)
const fileText = fc
  .tuple(
    fc.array(pair, { minLength: 1, maxLength: 6 }),
    fc.array(fc.tuple(fc.constantFrom('s', 't.u', '__proto__'), fc.array(pair, { maxLength: 4 })), {
      maxLength: 3,
    }),
  )
  .map(([top, sections]) =>
    [...top, ...sections.flatMap(([name, pairs]) => [`[${name}]`, ...pairs])].join('\n'),
  )

describe('key-value files', () => {
  it('never drift from their own contract, or from one that learned from others too', () => {
    fc.assert(
      fc.property(fileText, fileText, (a, b) => {
        const [x, y] = [profileIni(a), profileIni(b)]
        expect(linesOf(compare(schemaOf(a), x))).toEqual([])
        expect(linesOf(compare(schemaOf(a), schemaOf(a)))).toEqual([])
        const merged = JSON.parse(JSON.stringify(toSchema(mergeProfiles(x, y))))
        expect(linesOf(compare(merged, x))).toEqual([])
        expect(linesOf(compare(merged, y))).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('keep values private', () => {
    const schema = schemaOf('token = hunter2hunter\nport = 1234567\n')
    const report = compare(schema, profileIni('token = 5550123\npassword = hunter2\nport = hunter2\n'))
    const shown = JSON.stringify(schema) + JSON.stringify(report) + renderText(report)
    for (const secret of ['hunter2', '1234567', '5550123']) expect(shown).not.toContain(secret)
  })

  it('cost what they weigh', { timeout: hangs }, () => {
    profileIni(Array.from({ length: 1_000_000 }, (_, i) => `key${i} = ${i}`).join('\n'))
    profileIni(`a = ${'x'.repeat(20_000_000)}`)
    profileIni(`a=1\r${'\r'.repeat(5_000_000)}b=2`)
    errorOf(() => profileIni('x '.repeat(10_000_000)))
    errorOf(() => profileIni('"'.repeat(20_000_000)))
  })
})
