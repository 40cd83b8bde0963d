/** The OpenAPI document of the webhooks, before judges that are not ours. */
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { signStandard } from '../../../src/signing/index.js'
import { testApp } from '../../support/app.js'

const eventTypes = {
  'contact.created': {
    description: 'A contact is new.',
    schema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      required: ['home'],
      properties: { home: { $ref: '#/$defs/address' } },
      $defs: { address: { type: 'object', required: ['city'], properties: { city: { type: 'string' } } } },
    },
    example: { home: { city: 'Basel' } },
  },
  'contact.deleted': {},
}

interface Media {
  schema: object
  example?: { data: unknown }
}
interface Operation {
  description?: string
  parameters: { $ref: string }[]
  requestBody: { required: boolean; content: { 'application/json': Media } }
  responses: Record<string, unknown>
}

function document() {
  const { catalogue } = testApp({ eventTypes }).drifthook
  const made = catalogue.openapi()
  const webhooks = made.webhooks as Record<string, { post: Operation }>
  const media = (type: string) => webhooks[type]?.post.requestBody.content['application/json'] as Media
  return { catalogue, made, webhooks, media }
}

const validator = () => addFormats.default(new Ajv2020({ strictTypes: false, allErrors: true }))

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1, and its references lead somewhere', async () => {
    const { made } = document()
    const judge = new Validator()
    expect(await judge.validate({ ...structuredClone(made) })).toMatchObject({ valid: true })
    expect(judge.version).toBe('3.1')
    const broken = await new Validator().validate({ ...structuredClone(made), webhooks: { a: { post: 1 } } })
    expect(broken.valid).toBe(false)
    const names = Object.keys(made.components.parameters)
    const refs = names.map((name) => ({ $ref: `#/components/parameters/${name}` }))
    expect(document().webhooks.ping?.post.parameters).toEqual(refs)
  })

  it('has one webhook per type, ping too, and what a receiver may answer', () => {
    const { webhooks, catalogue } = document()
    expect(Object.keys(webhooks)).toEqual([
      'drift.detected',
      'check.repeated',
      'check.passed',
      'check.failed',
      'subscription.failing',
      'subscription.recovered',
      'subscription.disabled',
      'ping',
      'contact.created',
      'contact.deleted',
    ])
    expect(Object.keys(webhooks['contact.created']?.post.responses ?? {}).sort()).toEqual(['2XX', '410'])
    expect(webhooks['contact.created']?.post.description).toBe('A contact is new.')
    expect(webhooks['contact.deleted']?.post).not.toHaveProperty('description')
    expect(catalogue.openapi().paths).toEqual({})
  })

  it('has examples that fit, and schemas that refuse other data and other types', () => {
    const { webhooks, media } = document()
    for (const type of Object.keys(webhooks)) {
      const { schema, example } = media(type)
      if (example === undefined) {
        expect(type).toBe('contact.deleted')
        continue
      }
      const validate = validator().compile(schema)
      validate(example)
      expect([type, validate.errors]).toEqual([type, null])
      expect(validate({ ...example, event: 'other.type' })).toBe(false)
      expect(validate({ ...example, data: [] })).toBe(false)
    }
  })

  it('keeps the references of a host’s schema within that schema', () => {
    const { schema, example } = document().media('contact.created')
    const validate = validator().compile(schema)
    expect(validate(example)).toBe(true)
    expect(validate({ ...example, data: { home: {} } })).toBe(false)
    expect(validate.errors?.[0]?.instancePath).toBe('/data/home')
  })

  it('describes the headers as they are signed', () => {
    const { parameters } = document().made.components
    const headers = signStandard({
      id: 'msg_1',
      timestamp: 1_700_000_000,
      body: Buffer.from('{}'),
      secrets: [`whsec_${'0'.repeat(64)}`, `whsec_${'1'.repeat(64)}`],
    })
    expect(Object.keys(parameters)).toEqual(Object.keys(headers))
    for (const [name, value] of Object.entries(headers)) {
      const { schema } = parameters[name] as { schema: { pattern: string } }
      expect(value).toMatch(new RegExp(schema.pattern, 'u'))
      expect('v2 x').not.toMatch(new RegExp(schema.pattern, 'u'))
    }
  })

  it('is the caller’s own: changing it changes no other', () => {
    const { catalogue, media } = document()
    Object.assign(media('ping').schema, { type: 'string' })
    Object.assign(media('contact.created').schema, { type: 'string' })
    expect(JSON.stringify(catalogue.openapi())).toBe(JSON.stringify(document().made))
  })
})
