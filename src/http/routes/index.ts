import type { Route } from '../route.js'
import { contractRoutes } from './contracts.js'
import { eventRoutes } from './events.js'
import { jobRoutes } from './jobs.js'
import { monitorRoutes } from './monitors.js'
import { webhookRoutes } from './webhooks.js'

/** Every management route there is. */
export const apiRoutes: readonly Route[] = [
  ...contractRoutes,
  ...monitorRoutes,
  ...eventRoutes,
  ...webhookRoutes,
  ...jobRoutes,
]
