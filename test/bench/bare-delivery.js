import { createHmac } from 'node:crypto'
import { request } from 'undici'

/** What every message of these rows says. */
export const data = {
  order: 'PO-123456',
  customer: 'C42',
  lines: [{ sku: '00-12345', quantity: 3, price: 12.5 }],
}

/** The same body and headers as a delivery's, without the store, the guard, the retries and the log. */
export async function bareDelivery(
  /** @type {string} */ url,
  /** @type {Buffer} */ key,
  /** @type {number} */ n,
) {
  const now = new Date()
  const id = `msg_${n}`
  const seconds = Math.floor(now.getTime() / 1000)
  const envelope = {
    event: 'order.created',
    timestamp: now.toISOString(),
    webhook_id: 'wh_1',
    message_id: id,
  }
  const body = JSON.stringify({ ...envelope, delivery_id: `del_${n}`, data })
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.`).update(body).digest('base64')
  const response = await request(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': `v1,${signature}`,
    },
    body,
  })
  await response.body.dump()
  if (response.statusCode !== 200) throw new Error(`the receiver answered ${response.statusCode}`)
}
