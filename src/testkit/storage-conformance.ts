/** What every storage adapter must do: the sentences of `ports/storage.ts`, as cases. */
import { claimCases } from './storage/claim.js'
import { commitCases } from './storage/commit.js'
import { fairnessCases } from './storage/fairness.js'
import type { StorageCase } from './storage/harness.js'
import { keyCases } from './storage/keys.js'
import { lifecycleCases } from './storage/lifecycle.js'
import { listCases } from './storage/list.js'
import { orderCases } from './storage/order.js'
import { recordCases } from './storage/records.js'
import { settleCases } from './storage/settle.js'
import { tenancyCases } from './storage/tenancy.js'
import { wholeTenantCases } from './storage/whole-tenants.js'

export type { StorageCase, StorageHarness } from './storage/harness.js'

/** Run it with `runConformance`. */
export const storageConformance: readonly StorageCase[] = [
  ...lifecycleCases,
  ...recordCases,
  ...keyCases,
  ...tenancyCases,
  ...commitCases,
  ...listCases,
  ...orderCases,
  ...claimCases,
  ...fairnessCases,
  ...settleCases,
  ...wholeTenantCases,
]
