/** How much may be on its way in at once, in this process. */
import { DrifthookError, type Limit } from '../../errors.js'

export interface BudgetOptions {
  /** Bytes received and not let go of, of all uploads. One tenant may have a quarter of them. */
  budgetBytes: number
  /** Uploads under way at once with one token. */
  inFlightPerToken: number
}

/** One upload's place among those under way. */
export interface BudgetPlace {
  /**
   * For bytes that have come; all of them or none.
   * @throws DrifthookError `UPLOADS_BUSY`
   */
  take(bytes: number): void
  /** For bytes let go of. They may outlast the upload: what is compared later gives back after `leave`. */
  giveBack(bytes: number): void
  /** The upload is no longer under way. Harmless more than once. */
  leave(): void
}

/** What one upload is charged at least while it is under way: a slow one costs memory before it has sent any. */
const leastBytes = 64 * 1024

/** Bytes are charged to all uploads together and to their tenant. Who has none is not remembered. */
export class Budget {
  readonly #tenants = new Map<string, number>()
  readonly #underWay = new Map<string, number>()
  #total = 0

  constructor(readonly options: BudgetOptions) {}

  /**
   * A place for an upload.
   * @param monitorId whose token it came with; null: the host's own, of which there may be any number
   * @throws DrifthookError `UPLOADS_BUSY` naming the limit that was hit
   */
  enter(tenantId: string, monitorId: string | null): BudgetPlace {
    const { inFlightPerToken: most } = this.options
    if (monitorId !== null && (this.#underWay.get(monitorId) ?? 0) >= most) {
      throw uploadsBusy(
        `${most} uploads with this token are under way. Send the next one when one of them has ended.`,
        { name: 'upload.inFlightPerToken', value: most },
      )
    }
    let taken = 0
    let isUnderWay = true
    let least = Math.min(leastBytes, this.#share)
    const charged = () => Math.max(taken, least)
    this.#charge(tenantId, least)
    if (monitorId !== null) add(this.#underWay, monitorId, 1)
    return {
      take: (bytes) => {
        this.#charge(tenantId, Math.max(taken + bytes, least) - charged())
        taken += bytes
      },
      giveBack: (bytes) => {
        const before = charged()
        taken = Math.max(0, taken - bytes)
        this.#charge(tenantId, charged() - before)
      },
      leave: () => {
        if (!isUnderWay) return
        isUnderWay = false
        const before = charged()
        least = 0
        this.#charge(tenantId, charged() - before)
        if (monitorId !== null) add(this.#underWay, monitorId, -1)
      },
    }
  }

  /** Tenants and tokens it knows of: those with something under way. */
  get size(): number {
    return this.#tenants.size + this.#underWay.size
  }

  get #share(): number {
    return Math.floor(this.options.budgetBytes / 4)
  }

  /** @param bytes may be negative, and then always fit */
  #charge(tenantId: string, bytes: number): void {
    const { budgetBytes } = this.options
    if (bytes > 0 && (this.#tenants.get(tenantId) ?? 0) + bytes > this.#share) {
      throw uploadsBusy('Files of this account that are on their way in fill its share. Try again shortly.', {
        name: 'upload.budgetBytes',
        value: this.#share,
      })
    }
    if (bytes > 0 && this.#total + bytes > budgetBytes) {
      throw uploadsBusy('Files that are on their way in fill what there is for them. Try again shortly.', {
        name: 'upload.budgetBytes',
        value: budgetBytes,
      })
    }
    this.#total += bytes
    add(this.#tenants, tenantId, bytes)
  }
}

/** Counts up or down, and forgets what has come to nothing. */
function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}

/** Too much is on its way in. @param limit the one that was hit */
const uploadsBusy = (detail: string, limit?: Limit): DrifthookError =>
  new DrifthookError('UPLOADS_BUSY', detail, {
    retryAfterSeconds: 5,
    ...(limit === undefined ? {} : { limit }),
  })
