import type { Outgoing } from './body.js'

/**
 * The body of a delivery: the envelope around the message's stored `data`. Composed from stored fields only,
 * in this order, so that every attempt and redelivery carries the same bytes.
 */
export function envelope({ subscription, message, data, delivery }: Outgoing): Uint8Array {
  const head = JSON.stringify({
    event: message.type,
    timestamp: new Date(message.createdAt).toISOString(),
    webhook_id: subscription.id,
    message_id: message.id,
    delivery_id: delivery.id,
  })
  const opened = `${head.slice(0, -1)},"data":`
  const start = Buffer.byteLength(opened)
  const body = Buffer.allocUnsafe(start + data.byteLength + 1)
  body.write(opened)
  body.set(data, start)
  body.write('}', start + data.byteLength)
  return body
}
