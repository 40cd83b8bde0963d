/** Numbers that look random and are the same for the same seed: what failed can be had again. */

export interface Random {
  /** A whole number from 0 to below `end`. */
  below(end: number): number
  of<T>(list: readonly T[]): T
  /** Whether something happens that does so once in `n` times. */
  onceIn(n: number): boolean
}

/** The seed of this run: `DRIFTHOOK_SEED`, or the usual one; without that another one each time. */
export const seedOfRun = (usual = Date.now() % 2 ** 31): number => Number(process.env.DRIFTHOOK_SEED ?? usual)

/** Marsaglia's xorshift, 32 bits: enough for choices. */
export function random(seed: number): Random {
  // Small seeds would begin with small numbers; 0 would stay 0.
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1
  const next = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
  const below = (end: number) => next() % end
  return {
    below,
    of: (list) => {
      const chosen = list[below(list.length)]
      if (chosen === undefined) throw new Error('nothing to choose from')
      return chosen
    },
    onceIn: (n) => below(n) === 0,
  }
}
