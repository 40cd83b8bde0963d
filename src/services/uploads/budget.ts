/** How much may be on its way in at once, in this process. */
import { DrifthookError } from '../../errors.js'

export interface BudgetOptions {
  /** Bytes received and not let go of, of all uploads. One tenant may have a quarter of them. */
  budgetBytes: number
  /** Uploads under way at once with one token. */
  inFlightPerToken: number
}

/** One upload's place among those under way. */
export interface BudgetPlace {
  /** @throws DrifthookError `UPLOADS_BUSY` */
  take(bytes: number): void
  giveBack(bytes: number): void
  leave(): void
}

export class Budget {
  constructor(readonly options: BudgetOptions) {}

  /** @throws DrifthookError `UPLOADS_BUSY` */
  enter(_tenantId: string, _monitorId: string): BudgetPlace {
    return { take() {}, giveBack() {}, leave() {} }
  }
}

export const uploadsBusy = (detail: string): DrifthookError =>
  new DrifthookError('UPLOADS_BUSY', detail, { retryAfterSeconds: 5 })
