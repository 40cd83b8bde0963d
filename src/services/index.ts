import { catalogueService } from './catalogue/service.js'
import type { Context } from './context.js'
import { contractsService } from './contracts.js'
import { deliveriesService } from './deliveries.js'
import { eventsService } from './events.js'
import { expungeService } from './expunge.js'
import { healthService } from './health.js'
import { jobsService } from './jobs.js'
import { messagesService } from './messages.js'
import { monitorsService } from './monitors.js'
import { secretsService } from './secrets.js'
import { subscriptionsService } from './subscriptions.js'
import { uploadsService } from './uploads.js'

/** Every service, wired to one context. */
export function createServices(context: Context) {
  return {
    contracts: contractsService(context),
    monitors: monitorsService(context),
    uploads: uploadsService(context),
    messages: messagesService(context),
    events: eventsService(context),
    subscriptions: subscriptionsService(context),
    deliveries: deliveriesService(context),
    catalogue: catalogueService(context),
    jobs: jobsService(context),
    secrets: secretsService(context),
    health: healthService(context),
    ...expungeService(context),
  }
}

export type Services = ReturnType<typeof createServices>
