/** A contract that many files are compared with: read from its schema once. */
import { type Contract, readContract } from './contract.js'
import { isRecord, readOrigin } from './evidence.js'
import type { ReadContext } from './references.js'
import type { ContractSchema } from './report.js'
import { repeatsKeys } from './schema.js'
import { asksValues, contractHash, readsKeysLate } from './value-check.js'

interface Reading {
  contract: Contract
  /** What was left of the budget when it was read: so much every file may use up. */
  left: ReadContext['budget']
}

/** The schema must stay as it is, from the first use to the last. One file at a time. */
export class PreparedContract {
  readonly #readings = new Map<string, Reading>()
  #asksValues: boolean | null = null
  #hash: string | null = null

  constructor(readonly schema: ContractSchema) {}

  /**
   * @param format of the files it is for, where the schema itself does not say
   * @throws DrifthookError as {@link readContract}
   */
  read(format = 'json'): Contract {
    const written = (isRecord(this.schema) ? readOrigin(this.schema).format : null) ?? format
    const as = repeatsKeys(written) ? written : 'json'
    const known = this.#readings.get(as)
    if (known) {
      Object.assign(known.contract.root.context.budget, known.left)
      return known.contract
    }
    const contract = readContract(this.schema, as)
    // What is said of keys by patterns grows with the keys of the files, which are anybody's.
    if (!readsKeysLate(contract.root))
      this.#readings.set(as, { contract, left: { ...contract.root.context.budget } })
    return contract
  }

  /** Whether it demands anything that only the values themselves can tell. */
  get asksValues(): boolean {
    this.#asksValues ??= asksValues(this.read().root)
    return this.#asksValues
  }

  /** What a profile says it was checked against. */
  get hash(): string {
    this.#hash ??= contractHash(this.schema)
    return this.#hash
  }
}
