import type { List, Principal } from '../../model.js'
import { type EventType, isSubscribable } from '../catalogue.js'
import type { Context } from '../context.js'
import { requirePermission } from '../permissions.js'
import { type OpenApiDocument, openApiDocument } from './openapi.js'

/** An event type as the catalogue shows it. */
export interface CatalogueEntry extends Omit<EventType, 'faults'> {
  type: string
}

/** The catalogue: which events there are, and what their messages carry. */
export function catalogueService({ eventTypes }: Context) {
  return {
    /** Every type a subscription may name, the built-in ones first. One page holds them all. */
    async list(principal: Principal): Promise<List<CatalogueEntry>> {
      requirePermission(principal, 'subscriptions:read')
      const items = [...eventTypes]
        .filter(([type]) => isSubscribable(type))
        .map(([type, { description, schema, example, builtIn }]) => ({
          type,
          description,
          schema,
          example,
          builtIn,
        }))
      return { items: structuredClone(items), nextCursor: null }
    },

    /**
     * An OpenAPI 3.1 document of the webhooks that receivers are sent, `ping` among them. It tells the host's
     * own configuration and nothing of any tenant. The management routes are not in it yet.
     */
    openapi: (): OpenApiDocument => structuredClone(openApiDocument(eventTypes)),
  }
}
