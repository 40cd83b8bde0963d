import type { Row } from '../ports/tables.js'

/**
 * The body of a delivery: the envelope around the message's stored `data`. Composed from stored fields only,
 * in this order, so that every attempt and redelivery carries the same bytes.
 */
export function envelope(
  delivery: Row<'deliveries'>,
  message: Row<'messages'>,
  data: Uint8Array,
): Uint8Array {
  const head = JSON.stringify({
    event: message.type,
    timestamp: new Date(message.createdAt).toISOString(),
    webhook_id: delivery.subscriptionId,
    message_id: message.id,
    delivery_id: delivery.id,
  })
  return Buffer.concat([Buffer.from(`${head.slice(0, -1)},"data":`), data, Buffer.from('}')])
}
