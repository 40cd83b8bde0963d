import type {
  ReplayRequest,
  SecretRotate,
  SubscriptionCreate,
  SubscriptionUpdate,
} from '../../services/subscriptions/input.js'
import { param, type Route } from '../route.js'

export const webhookRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/webhooks',
    status: 201,
    handle: ({ services, principal, body }) =>
      services.subscriptions.create(principal, body as SubscriptionCreate),
  },
  {
    method: 'GET',
    path: '/webhooks',
    status: 200,
    handle: ({ services, principal, query }) => services.subscriptions.list(principal, query),
  },
  {
    method: 'GET',
    path: '/webhooks/:id',
    status: 200,
    handle: (call) => call.services.subscriptions.get(call.principal, param(call, 'id')),
  },
  {
    method: 'PATCH',
    path: '/webhooks/:id',
    status: 200,
    handle: (call) =>
      call.services.subscriptions.update(call.principal, param(call, 'id'), call.body as SubscriptionUpdate),
  },
  {
    method: 'DELETE',
    path: '/webhooks/:id',
    status: 204,
    handle: (call) => call.services.subscriptions.delete(call.principal, param(call, 'id')),
  },
  {
    method: 'POST',
    path: '/webhooks/:id/test',
    status: 200,
    handle: (call) => call.services.subscriptions.test(call.principal, param(call, 'id')),
  },
  {
    method: 'POST',
    path: '/webhooks/:id/rotate-secret',
    status: 200,
    handle: (call) =>
      call.services.subscriptions.rotateSecret(call.principal, param(call, 'id'), call.body as SecretRotate),
  },
  {
    method: 'POST',
    path: '/webhooks/:id/replay',
    status: 202,
    handle: (call) =>
      call.services.subscriptions.replay(call.principal, param(call, 'id'), call.body as ReplayRequest),
  },
  {
    method: 'GET',
    path: '/webhooks/:id/deliveries',
    status: 200,
    handle: (call) => call.services.deliveries.list(call.principal, param(call, 'id'), call.query),
  },
  {
    method: 'GET',
    path: '/webhooks/:id/attempts',
    status: 200,
    handle: (call) => call.services.deliveries.attempts(call.principal, param(call, 'id'), call.query),
  },
  {
    method: 'GET',
    path: '/deliveries/:id',
    status: 200,
    handle: (call) => call.services.deliveries.get(call.principal, param(call, 'id')),
  },
  {
    method: 'POST',
    path: '/deliveries/:id/redeliver',
    status: 200,
    handle: (call) => call.services.deliveries.redeliver(call.principal, param(call, 'id')),
  },
]
