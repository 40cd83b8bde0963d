import { PreparedContract } from '../diff/prepared.js'
import type { ContractSchema } from '../diff/report.js'

/** How much is kept at most. One file's contract is read within milliseconds: what falls out is no loss. */
const most = { contracts: 500, characters: 8 * 1024 * 1024 }

export interface KnownContract {
  contract: PreparedContract
  /** Its schema as JSON: on the way to a thread a text costs a fraction of an object. */
  text: string
}

/**
 * Contracts of the files that come in now, read from their schemas once. The one unused for longest is
 * forgotten first, by their number and by the length of their schemas.
 */
export class ContractCache {
  readonly #kept = new Map<string, KnownContract>()
  #characters = 0

  constructor(private readonly limits = most) {}

  get size(): number {
    return this.#kept.size
  }

  /** @param id names the schema for good: another version has another id */
  async get(id: string, schema: () => Promise<ContractSchema>): Promise<KnownContract> {
    const known = this.#kept.get(id)
    if (known) {
      // To the end: the first of a map is the one unused for longest.
      this.#kept.delete(id)
      this.#kept.set(id, known)
      return known
    }
    const contract = new PreparedContract(await schema())
    const read = { contract, text: JSON.stringify(contract.schema) }
    this.#keep(id, read)
    return read
  }

  #keep(id: string, kept: KnownContract): void {
    if (kept.text.length > this.limits.characters) return
    this.#forget(id)
    this.#kept.set(id, kept)
    this.#characters += kept.text.length
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.limits.contracts && this.#characters <= this.limits.characters) return
      this.#forget(oldest)
    }
  }

  #forget(id: string): void {
    this.#characters -= this.#kept.get(id)?.text.length ?? 0
    this.#kept.delete(id)
  }
}
