import type { MessagePublish } from '../../services/messages.js'
import { keyed, param, type Route } from '../route.js'

export const eventRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/events',
    status: 200,
    handle: ({ services, principal, query }) => services.events.list(principal, query),
  },
  {
    method: 'GET',
    path: '/events/:id',
    status: 200,
    handle: (call) => call.services.events.get(call.principal, eventNumber(param(call, 'id'))),
  },
  {
    method: 'POST',
    path: '/messages',
    status: 201,
    idempotent: true,
    handle: (call) => call.services.messages.publish(call.principal, keyed(call) as MessagePublish),
  },
  {
    method: 'GET',
    path: '/messages/:id',
    status: 200,
    handle: (call) => call.services.messages.get(call.principal, param(call, 'id')),
  },
  {
    method: 'GET',
    path: '/health',
    status: 200,
    handle: ({ services, principal }) => services.health.detail(principal),
  },
]

/** Events count in whole numbers; anything else is the id of nothing. */
const eventNumber = (text: string): number =>
  /^[1-9]\d{0,15}$/.test(text) ? Number(text) : Number.MAX_SAFE_INTEGER
