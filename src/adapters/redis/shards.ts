/** The shards of a store, each a slot of its own: whose records lie where. */
import { shardKey, shardOf } from './keys.js'
import type { Step } from './writes.js'

export class Shards {
  /** What the keys of each begin with. */
  readonly all: readonly string[]

  constructor(prefix: string, count: number) {
    this.all = Array.from({ length: count }, (_, shard) => shardKey(prefix, shard))
  }

  /** Where what belongs to no tenant is. */
  get first(): string {
    return this.all[0]!
  }

  of(tenantId: string): string {
    return this.all[shardOf(tenantId, this.all.length)]!
  }

  others(shard: string): readonly string[] {
    return this.all.filter((each) => each !== shard)
  }

  /**
   * The shard of all of these writes.
   * @throws TypeError if there are several: a script is run on one
   */
  ofAll(steps: readonly Step[]): string {
    const [shard = this.first, other] = new Set(steps.map(({ tenantId }) => this.of(tenantId)))
    if (other !== undefined) throw new TypeError('a commit is for tenants of one shard')
    return shard
  }
}
