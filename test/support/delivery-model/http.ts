/** A real receiver on this machine that answers for the world of the run that is under way. */
import { verify } from '../../../src/signing/index.js'
import {
  type ReceivedRequest,
  type Receiver,
  type Response,
  receiver,
} from '../../../src/testkit/receiver.js'
import type { World } from './world.js'

export interface HttpReceivers {
  /** Webhooks of any path below are answered for. */
  base: string
  /** The world whose webhooks they are. */
  world: World | null
  close(): Promise<void>
}

export async function httpReceivers(): Promise<HttpReceivers> {
  const server: Receiver = await receiver({
    respond: (request) => (receivers.world === null ? 'reset' : respond(receivers.world, request, server)),
  })
  const receivers: HttpReceivers = {
    base: server.url('').replace(/\/$/, ''),
    world: null,
    close: server.close,
  }
  return receivers
}

const hung = new WeakSet<World>()

async function respond(
  world: World,
  { path, headers, body }: ReceivedRequest,
  server: Receiver,
): Promise<Response> {
  const { delivery_id: deliveryId, webhook_id: webhookId } = JSON.parse(body.toString())
  const arrivedAt = world.clock.now()
  const answer = await world.answer({
    // As the world's hook has every attempt say.
    worker: decodeURIComponent(String(headers.baggage).replace('worker=', '')),
    deliveryId,
    webhookId,
    target: server.url(path),
    content: `${headers['content-type']} ${headers['webhook-id']} ${body.toString('base64')}`,
    signedWith: (secret) => verify({ headers, body, secret, now: () => arrivedAt }).ok,
  })
  if (answer.http !== 'hang') return answer.http
  // Once in a run: what it means is the same either way.
  const first = !hung.has(world)
  hung.add(world)
  return first ? 'hang' : 'reset'
}
