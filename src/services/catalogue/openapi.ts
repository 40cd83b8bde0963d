/** The catalogue as the `webhooks` of an OpenAPI 3.1 document: what a receiver is sent, and may answer. */
import type { Catalogue, EventType } from '../catalogue.js'
import type { JsonSchema } from './json-schema.js'

/** OpenAPI 3.1.0, as far as it is used here. */
export interface OpenApiDocument {
  openapi: '3.1.0'
  info: { title: string; version: string; description: string }
  paths: Record<string, never>
  webhooks: Record<string, unknown>
  components: { parameters: Record<string, unknown> }
}

const header = (name: string, description: string, pattern: string) => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string', pattern },
})

/** The headers of Standard Webhooks v1; `signing/standard.ts` makes them. */
const signature = {
  'webhook-id': header(
    'webhook-id',
    'The id of the message: the same for every attempt.',
    '^[!-\\-/-~]{1,256}$',
  ),
  'webhook-timestamp': header(
    'webhook-timestamp',
    'When this attempt is made, in seconds since 1970.',
    '^[1-9][0-9]{0,14}$',
  ),
  'webhook-signature': header(
    'webhook-signature',
    'One or more `v1,<base64>`, with spaces between: HMAC-SHA256 of `id.timestamp.body`. Any that fits is enough.',
    '^v1,[A-Za-z0-9+/=]+( v1,[A-Za-z0-9+/=]+)*$',
  ),
}

/** The document of a catalogue. The management routes are not in it yet: `paths` is empty. */
export const openApiDocument = (catalogue: Catalogue): OpenApiDocument => ({
  openapi: '3.1.0',
  info: {
    title: 'Webhooks',
    // Of the envelope, not of the package: it changes when receivers have to.
    version: '1.0.0',
    description:
      'What is sent to subscribers: at least once, in no promised order. Deduplicate by `delivery_id`.',
  },
  paths: {},
  webhooks: Object.fromEntries(
    [...catalogue].map(([type, known]) => [type, { post: operation(type, known) }]),
  ),
  components: { parameters: signature },
})

const operation = (type: string, { description, schema, example }: EventType) => ({
  summary: type,
  ...(description === null ? {} : { description }),
  parameters: Object.keys(signature).map((name) => ({ $ref: `#/components/parameters/${name}` })),
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: envelope(type, schema),
        ...(example === null ? {} : { example: { ...exampleEnvelope(type), data: example } }),
      },
    },
  },
  responses: {
    '2XX': { description: 'Accepted. Anything but 2xx and 410 is tried again.' },
    '410': { description: 'Gone: disables the subscription.' },
  },
})

/** `services/deliveries/envelope.ts` as a schema. */
const envelope = (type: string, data: JsonSchema | null) => ({
  type: 'object',
  required: ['event', 'timestamp', 'webhook_id', 'message_id', 'delivery_id', 'data'],
  properties: {
    event: { const: type },
    timestamp: { type: 'string', format: 'date-time', description: 'When it happened' },
    webhook_id: { type: 'string', description: 'The subscription it is sent for' },
    message_id: { type: 'string', description: 'The same for every subscription' },
    delivery_id: { type: 'string', description: 'The same for every attempt: deduplicate by it' },
    // An id of its own makes references such as #/$defs/address start at this schema, not at the document.
    data: data === null ? {} : { $id: `urn:drifthook:event:${type}`, ...data },
  },
})

const exampleEnvelope = (type: string) => ({
  event: type,
  timestamp: '2026-03-01T12:00:00.000Z',
  webhook_id: 'wh_019cadf2-9c00-7c10-a2b4-3e7d9f5a6c81',
  message_id: 'msg_019cadf2-9c00-7d21-b3c5-4f8e0a6b7d92',
  delivery_id: 'del_019cadf2-9c00-7e32-84d6-5a9f1b7c8ea3',
})
