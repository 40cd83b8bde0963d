import type { Route } from '../route.js'

export const catalogueRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/webhooks/events',
    status: 200,
    handle: ({ services, principal }) => services.catalogue.list(principal),
  },
  {
    method: 'GET',
    path: '/openapi.json',
    status: 200,
    foreign: true,
    handle: async ({ services }) => services.catalogue.openapi(),
  },
]
