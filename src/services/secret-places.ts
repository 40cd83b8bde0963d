/** Where secrets are stored: what is encrypted is bound to its place, so that it is worth nothing elsewhere. */
import type { SecretPlace } from './secret-box.js'

const placeIn =
  (table: 'contracts' | 'monitors' | 'subscriptions') =>
  (tenantId: string, id: string, column: string): SecretPlace =>
    `${table}/${tenantId}/${id}/${column}`

export const contractPlace = placeIn('contracts')
export const monitorPlace = placeIn('monitors')
export const subscriptionPlace = placeIn('subscriptions')
