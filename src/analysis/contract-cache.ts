import { PreparedContract } from '../diff/prepared.js'
import type { ContractSchema } from '../diff/report.js'

/** How much is kept at most. One file's contract is read within milliseconds: what falls out is no loss. */
const most = { contracts: 500, characters: 8 * 1024 * 1024 }

interface Kept {
  contract: PreparedContract
  characters: number
}

/**
 * Contracts of the files that come in now, read from their schemas once. The one unused for longest is
 * forgotten first, by their number and by the length of their schemas.
 */
export class ContractCache {
  readonly #kept = new Map<string, Kept>()
  #characters = 0

  constructor(private readonly limits = most) {}

  get size(): number {
    return this.#kept.size
  }

  /** @param id names the schema for good: another version has another id */
  async get(id: string, schema: () => Promise<ContractSchema>): Promise<PreparedContract> {
    const known = this.#kept.get(id)
    if (known) {
      // To the end: the first of a map is the one unused for longest.
      this.#kept.delete(id)
      this.#kept.set(id, known)
      return known.contract
    }
    const contract = new PreparedContract(await schema())
    this.#keep(id, { contract, characters: JSON.stringify(contract.schema).length })
    return contract
  }

  #keep(id: string, kept: Kept): void {
    if (kept.characters > this.limits.characters) return
    this.#forget(id)
    this.#kept.set(id, kept)
    this.#characters += kept.characters
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.limits.contracts && this.#characters <= this.limits.characters) return
      this.#forget(oldest)
    }
  }

  #forget(id: string): void {
    this.#characters -= this.#kept.get(id)?.characters ?? 0
    this.#kept.delete(id)
  }
}
