/** The bytes of a delivery: the same for every attempt and redelivery. */
import { isPreconditionFailed } from '../../ports/storage.js'
import type { Row } from '../../ports/tables.js'
import type { Channel, ChannelMessage, RenderedBody } from '../channels/channel.js'
import type { Context } from '../context.js'
import { instantText } from '../shared.js'
import { envelope } from './envelope.js'

/** Everything an attempt is made of. */
export interface Outgoing {
  subscription: Row<'subscriptions'>
  message: Row<'messages'>
  /** The message's `data`, as it was serialised when it was published. */
  data: Uint8Array
  delivery: Pick<Row<'deliveries'>, 'tenantId' | 'id' | 'messageId' | 'attemptCount' | 'manual'>
}

/**
 * The default envelope is composed anew each time, from stored fields only. What a channel renders is rendered
 * once and kept: another version of a renderer, or a host's own, may render the same message otherwise.
 */
export async function bodyOf(
  context: Context,
  channel: Channel | null,
  outgoing: Outgoing,
): Promise<RenderedBody> {
  if (channel?.render === undefined) return { contentType: 'application/json', body: envelope(outgoing) }
  const { tenantId, id } = outgoing.delivery
  const kept = await context.storage.get('deliveryBodies', tenantId, id)
  if (kept !== null) return kept
  const { contentType, body } = await channel.render(channelMessage(outgoing))
  const row = { tenantId, id, contentType, body }
  try {
    await context.storage.commit([{ op: 'insert', table: 'deliveryBodies', row }])
    return row
  } catch (error) {
    // A worker that lost its lease meanwhile was here before.
    const first = isPreconditionFailed(error)
      ? await context.storage.get('deliveryBodies', tenantId, id)
      : null
    if (first === null) throw error
    return first
  }
}

/** A message as a channel is told of it. */
export const channelMessage = ({ subscription, message, data, delivery }: Outgoing): ChannelMessage => ({
  type: message.type,
  createdAt: instantText(message.createdAt),
  messageId: message.id,
  deliveryId: delivery.id,
  webhookId: subscription.id,
  webhookName: subscription.name,
  data: JSON.parse(Buffer.from(data).toString()),
})
