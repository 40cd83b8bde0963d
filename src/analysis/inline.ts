/**
 * What is little enough for the host's event loop, which it keeps waiting; the way to a thread costs a millisecond
 * or two. Measured as time on the processor, on a machine with more to do than it had processors, once V8 knew the
 * code: the slowest files of 256 KiB took 330 ms (X12 of many sets), 180 (CSV of 1,000 columns) and 170 (1,000s of
 * keys), of 64 KiB 145, of 8 KiB 19.
 */
import type { ContractNode } from '../diff/contract.js'
import { builtInFormats, type Profile } from '../diff/index.js'
import type { PreparedContract } from '../diff/prepared.js'
import type { PathProfile } from '../diff/profile.js'
import type { Check } from '../ports/analyzer.js'
import { type Comparison, compared, profileOf } from './analyze.js'
import type { KnownContract } from './contract-cache.js'

/** Bytes of a file, or of the samples of a contract. */
export const inlineBytes = 8 * 1024

/** Characters of a contract's schema as JSON. */
const inlineCharacters = 128 * 1024

/** Paths of the contract times paths of the file: each pair may be a rename, and took 10 to 15 µs to judge. */
const inlinePairs = 1_000

/** @returns null if it is too much */
export function checkInline(comparison: Comparison, { contract, text }: KnownContract): Check | null {
  if (text.length > inlineCharacters) return null
  const seen = profileOf(comparison, contract, builtInFormats)
  return pairsOf(contract, seen) > inlinePairs ? null : compared(comparison, contract, seen)
}

const pairsOf = (contract: PreparedContract, seen: Profile) =>
  count(contract.read(seen.format).root, expectedBelow) * count(seen.root, seenBelow)

/** Up to a little more than what is allowed: a contract may refer to itself, and then has no end. */
function count<T>(root: T, below: (node: T) => Iterable<T>): number {
  const found = [root]
  for (const node of found) {
    if (found.length > inlinePairs) break
    found.push(...below(node))
  }
  return found.length
}

function* expectedBelow({ properties, items }: ContractNode): Generator<ContractNode> {
  for (const { node } of properties.values()) yield node
  if (items !== null) yield items
}

function* seenBelow({ children, rest, items }: PathProfile): Generator<PathProfile> {
  yield* children.values()
  if (rest !== null) yield rest
  if (items !== null) yield items
}
