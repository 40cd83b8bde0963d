import { param, type Route } from '../route.js'

export const jobRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/jobs',
    status: 200,
    handle: ({ services, principal, query }) => services.jobs.list(principal, query),
  },
  {
    method: 'GET',
    path: '/jobs/:id',
    status: 200,
    handle: (call) => call.services.jobs.get(call.principal, param(call, 'id')),
  },
  {
    method: 'POST',
    path: '/jobs/:id/cancel',
    status: 200,
    handle: (call) => call.services.jobs.cancel(call.principal, param(call, 'id')),
  },
  {
    method: 'POST',
    path: '/secrets/reencrypt',
    status: 202,
    handle: ({ services, principal }) => services.secrets.reencrypt(principal),
  },
]
