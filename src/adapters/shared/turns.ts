/**
 * Taking turns: what makes a claim fair. Each player is an iterator of what it would like to have taken;
 * everyone gets one before anyone gets a second. Tenants play against each other, and so do a tenant's lanes.
 */
import type { ClaimRequest } from '../../ports/storage.js'

/** One from each player in order, then one more from each, and so on. Players are asked for lazily. */
export function* inTurns<Item>(players: Iterable<Iterator<Item>>): Generator<Item> {
  let playing: Iterator<Item>[] = []
  for (const player of players) {
    const { done, value } = player.next()
    if (done) continue
    playing.push(player)
    yield value
  }
  while (playing.length > 0) {
    const still: Iterator<Item>[] = []
    for (const player of playing) {
      const { done, value } = player.next()
      if (done) continue
      still.push(player)
      yield value
    }
    playing = still
  }
}

/** The first `limit` items. */
export function take<Item>(items: Iterable<Item>, limit: number): Item[] {
  const taken: Item[] = []
  if (limit <= 0) return taken
  for (const item of items) {
    taken.push(item)
    if (taken.length >= limit) break
  }
  return taken
}

/** Once round a sorted list, beginning behind a name. */
export function rotated(names: readonly string[], after: string): readonly string[] {
  const start = names.findIndex((name) => name > after)
  return start <= 0 ? names : [...names.slice(start), ...names.slice(0, start)]
}

/** Refuses a request that could hand out work nobody holds. */
export function checkClaim(request: ClaimRequest): void {
  if (!(request.leaseUntil > request.now)) throw new TypeError('a lease must end after now')
}
