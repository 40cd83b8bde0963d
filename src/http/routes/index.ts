import type { Route } from '../route.js'
import { catalogueRoutes } from './catalogue.js'
import { contractRoutes } from './contracts.js'
import { eventRoutes } from './events.js'
import { jobRoutes } from './jobs.js'
import { monitorRoutes } from './monitors.js'
import { webhookRoutes } from './webhooks.js'

/** Every management route there is. The first that fits answers: `/webhooks/events` before `/webhooks/:id`. */
export const apiRoutes: readonly Route[] = [
  ...catalogueRoutes,
  ...contractRoutes,
  ...monitorRoutes,
  ...eventRoutes,
  ...webhookRoutes,
  ...jobRoutes,
]
