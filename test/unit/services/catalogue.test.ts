/** The catalogue: what the host may say in it, what is built in, and what patterns ask for. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseOptions } from '../../../src/options.js'
import { builtInTypes } from '../../../src/services/catalogue/built-in.js'
import { createCatalogue, isKnownPattern, patternsOf } from '../../../src/services/catalogue.js'

const matches = (asked: readonly string[], told: { type: string; result: string | null }) =>
  patternsOf(told).some((pattern) => asked.includes(pattern))

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value))

describe('patterns', () => {
  const message = (type: string, result: string | null = null) => ({ type, result })

  it.each([
    [['*'], message('contact.created'), true],
    [['*'], message('subscription.disabled'), true],
    [['*'], message('ping'), false],
    [['ping'], message('ping'), false],
    [['contact.*'], message('contact.created'), true],
    [['contact.*'], message('contact.address.changed'), true],
    [['contact.address.*'], message('contact.address.changed'), true],
    [['contact.address.*'], message('contact.created'), false],
    [['contact.*'], message('contacts.created'), false],
    [['contact.created'], message('contact.deleted'), false],
    [['contact.address'], message('contact.address.changed'), false],
    [['breaking'], message('drift.detected', 'breaking'), true],
    [['breaking'], message('check.repeated', 'breaking'), true],
    [['pass'], message('check.passed', 'pass'), true],
    [['breaking'], message('drift.detected', 'warning'), false],
    [['breaking'], message('analysis.completed', 'breaking'), false],
    [[], message('drift.detected', 'breaking'), false],
  ])('%j and %j: %s', (patterns, told, expected) => expect(matches(patterns, told)).toBe(expected))

  it('with `.*` match what begins with the same words and has more of them', () => {
    const words = fc.array(fc.constantFrom('a', 'ab', 'b', 'b_c'), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(words, words, (asked, told) => {
        const begins = asked.every((word, n) => word === told[n]) && told.length > asked.length
        expect(matches([`${asked.join('.')}.*`], message(told.join('.')))).toBe(begins)
      }),
    )
  })

  it('are known or not', () => {
    const { eventTypes } = parseOptions({
      authenticate: () => null,
      eventTypes: ['contact.created', 'contact.address.changed'],
    })
    const known = (pattern: string) => isKnownPattern(pattern, eventTypes)
    const yes = ['*', 'drift.*', 'drift.detected', 'subscription.*', 'pass']
    const mine = ['contact.*', 'contact.created', 'contact.address.*']
    expect([...yes, ...mine].filter((pattern) => !known(pattern))).toEqual([])
    const no = ['', 'drift', '.*', 'drift.', 'contact.deleted', 'company.*', '**', 'ping', 'ping.*', 'p*']
    expect(no.filter(known)).toEqual([])
  })
})

describe('the built-in types', () => {
  const ajv = addFormats.default(new Ajv2020({ strictTypes: false, allErrors: true }))

  it('are these', () => {
    expect(Object.keys(builtInTypes)).toEqual([
      'drift.detected',
      'check.repeated',
      'check.passed',
      'check.failed',
      'subscription.failing',
      'subscription.recovered',
      'subscription.disabled',
      'ping',
    ])
  })

  it.each(Object.entries(builtInTypes))('%s: a description, and an example that fits', (_, type) => {
    expect(type.description).toMatch(/^[A-Z].*\.$/)
    const validate = ajv.compile(type.schema)
    validate(type.example)
    expect(validate.errors).toBeNull()
    expect(Object.keys(type.example).sort()).toEqual(Object.keys(type.schema.properties).sort())
    expect(validate({})).toBe(false)
  })
})

describe('the option eventTypes', () => {
  const refusal = (eventTypes: unknown) => {
    try {
      parseOptions({ authenticate: () => null, eventTypes: eventTypes as string[] })
      return []
    } catch (error) {
      return (error as { errors: { path: string; message: string }[] }).errors
    }
  }
  const schema = { type: 'object', required: ['id'], properties: { id: { type: 'string' } } }

  it('takes names, or definitions, or nothing', () => {
    const { eventTypes } = parseOptions({ authenticate: () => null })
    expect([...eventTypes.keys()]).toEqual(Object.keys(builtInTypes))
    expect(refusal([])).toEqual([])
    expect(refusal(['contact.created', 'contact.created'])).toEqual([])
    expect(refusal({ 'contact.created': {} })).toEqual([])
    const full = { description: 'New.', schema, example: { id: 'c_1' } }
    expect(refusal({ 'contact.created': full })).toEqual([])
    expect(refusal({ 'contact.created': { example: null } })).toEqual([])
  })

  it.each([
    ['a name', ['Contact'], 'eventTypes.Contact', /looks like contact\.created/],
    ['a name without a dot', { contact: {} }, 'eventTypes.contact', /looks like/],
    ['too long a name', [`a.${'b'.repeat(200)}`], `eventTypes.a.${'b'.repeat(200)}`, /looks like/],
    ['a number', [7], 'eventTypes.7', /looks like/],
    ['a text', 'contact.created', 'eventTypes', /expected record/],
    ['a built-in type', ['drift.detected'], 'eventTypes.drift.detected', /built in/],
    ['ping', { ping: {} }, 'eventTypes.ping', /built in/],
    ['an unknown member', { 'a.b': { scheme: {} } }, 'eventTypes.a.b', /scheme/],
    ['a text for a schema', { 'a.b': { schema: 'x' } }, 'eventTypes.a.b.schema', /JSON Schema/],
    ['an unknown type', { 'a.b': { schema: { type: 'text' } } }, 'eventTypes.a.b.schema', /invalid/],
    ['a misspelt keyword', { 'a.b': { schema: { requird: [] } } }, 'eventTypes.a.b.schema', /requird/],
    ['an unknown format', { 'a.b': { schema: { format: 'emial' } } }, 'eventTypes.a.b.schema', /emial/],
    ['a dead reference', { 'a.b': { schema: { $ref: '#/$defs/x' } } }, 'eventTypes.a.b.schema', /resolve/],
    [
      'another place',
      { 'a.b': { schema: { $ref: 'https://a.example' } } },
      'eventTypes.a.b.schema',
      /resolve/,
    ],
    ['what is no JSON', { 'a.b': { schema: { default: 1n } } }, 'eventTypes.a.b.schema', /BigInt/],
    ['an example of no JSON', { 'a.b': { example: () => {} } }, 'eventTypes.a.b.example', /JSON/],
    ['an example without', { 'a.b': { schema, example: {} } }, 'eventTypes.a.b.example.id', /is required/],
    [
      'a wrong example',
      { 'a.b': { schema, example: { id: 7 } } },
      'eventTypes.a.b.example.id',
      /breaks the schema: must be string/,
    ],
  ])('refuses %s, with its path', (_, eventTypes, path, message) => {
    expect(refusal(eventTypes)).toEqual([
      { path, code: expect.any(String), message: expect.stringMatching(message) },
    ])
  })

  it('tells every fault at once', () => {
    const paths = refusal({ Bad: {}, ping: {}, 'a.b': { schema: { type: 1 } } }).map(({ path }) => path)
    expect(paths).toEqual(['eventTypes.Bad', 'eventTypes.ping', 'eventTypes.a.b.schema'])
  })
})

describe('data', () => {
  const catalogue = (schema: object) => {
    const reported: string[] = []
    const made = createCatalogue({ 'a.b': { schema }, 'a.c': { schema } }, (path) =>
      reported.push(path.join('.')),
    )
    expect(reported).toEqual([])
    const type = made.get('a.b')
    if (type === undefined) throw new Error('a.b is missing')
    return type
  }
  const faults = (schema: object, data: unknown) => catalogue(schema).faults(bytes(data))

  it('fits, or its faults are told with their places', () => {
    const schema = {
      type: 'object',
      required: ['id', 'lines'],
      additionalProperties: false,
      properties: {
        id: { type: 'string', format: 'email', maxLength: 20 },
        lines: {
          type: 'array',
          items: { type: 'object', properties: { 'a/b': { enum: [1, 2] }, 0: { minimum: 1 } } },
        },
        state: { not: { const: 'x' } },
      },
    }
    expect(faults(schema, { id: 'a@b.example', lines: [{ 'a/b': 1, 0: 1 }] })).toEqual([])
    expect(faults(schema, { id: 'no', lines: [{}, { 'a/b': 3, 0: 0 }], state: 'x', more: 1 })).toEqual([
      { path: 'data.more', code: 'unknown_field', message: 'no such field' },
      { path: 'data.id', code: 'invalid_format', message: 'must match format "email"' },
      { path: 'data.lines[1].0', code: 'too_small', message: 'must be >= 1' },
      {
        path: 'data.lines[1].a/b',
        code: 'invalid_value',
        message: 'must be equal to one of the allowed values',
      },
      { path: 'data.state', code: 'invalid', message: 'must NOT be valid' },
    ])
    const pair = { dependentRequired: { a: ['b'] }, properties: { a: {} }, unevaluatedProperties: false }
    expect(faults(pair, { a: 1, c: 1 })).toEqual([
      { path: 'data.b', code: 'required', message: 'is required' },
      { path: 'data.c', code: 'unknown_field', message: 'no such field' },
    ])
    expect(faults(schema, { lines: {} })).toEqual([
      { path: 'data.id', code: 'required', message: 'is required' },
      { path: 'data.lines', code: 'invalid_type', message: 'must be array' },
    ])
    expect(faults(schema, [])).toEqual([{ path: 'data', code: 'invalid_type', message: 'must be object' }])
  })

  it('has no more faults told than can be read, however many there are', () => {
    const items = { anyOf: [{ type: 'string' }, { type: 'boolean' }] }
    expect(faults({ items }, Array(1_000).fill(0))).toHaveLength(20)
    const [first] = faults({ items }, Array(100_000).fill(0))
    expect(first?.path).toBe('data[0]')
    const [longest] = faults({ additionalProperties: false }, { ['k'.repeat(5_000)]: 1 })
    expect(longest?.path).toHaveLength(200)
  })

  it('is not told of in any fault', () => {
    const schema = {
      properties: {
        a: { type: 'integer' },
        b: { enum: ['x'] },
        c: { pattern: '^z' },
        d: { const: 1 },
        e: { uniqueItems: true, items: { maxLength: 2 } },
        f: { format: 'uuid' },
      },
    }
    const type = catalogue(schema)
    fc.assert(
      fc.property(fc.uuid(), fc.constantFrom('a', 'b', 'c', 'd', 'e'), (secret, name) => {
        const value = name === 'e' ? [`${secret}`, `${secret}`] : `${secret}z`.replace(/^z/, 'y')
        const found = type.faults(bytes({ [name]: value, f: `${secret}x` }))
        expect(found.length).toBeGreaterThan(1)
        expect(JSON.stringify(found)).not.toContain(secret)
      }),
    )
  })

  it('may be as deep as the schema can follow', () => {
    const deep = (levels: number) => Buffer.from(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`)
    const type = catalogue({ properties: { a: { $ref: '#' } } })
    expect(type.faults(deep(100))).toEqual([])
    expect(type.faults(deep(30_000))).toEqual([
      { path: 'data', code: 'too_big', message: 'is nested too deeply' },
    ])
  })

  it('is held against a copy of the schema, whose own names are nobody’s concern', () => {
    const schema = {
      $id: 'https://a.example/same',
      $ref: '#/$defs/n',
      $defs: { n: { type: 'number' } },
      'x-drift': {},
    }
    const type = catalogue(schema)
    schema.$defs.n.type = 'string'
    expect(type.faults(bytes(1))).toEqual([])
    expect(type.schema).toMatchObject({ $defs: { n: { type: 'number' } } })
  })

  it('is free where there is no schema', () => {
    const type = createCatalogue({ 'a.b': {} }, () => {}).get('a.b')
    expect(type?.faults(bytes({ any: 'thing' }))).toEqual([])
  })
})
