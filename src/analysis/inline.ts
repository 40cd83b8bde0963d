/**
 * What is little enough for the host's event loop, which it keeps waiting. The way to a thread costs a millisecond
 * or two; the slowest of these, once V8 knows the code, took INLINE_MS.
 */
import type { ContractNode } from '../diff/contract.js'
import { builtInFormats, type Profile } from '../diff/index.js'
import type { PreparedContract } from '../diff/prepared.js'
import type { PathProfile } from '../diff/profile.js'
import type { Check } from '../ports/analyzer.js'
import { type Comparison, compared, profileOf } from './analyze.js'
import type { KnownContract } from './contract-cache.js'

/** Bytes of a file, or of the samples of a contract. 1,000 columns in 64 KiB took 60 ms. */
export const inlineBytes = 8 * 1024

/** Characters of a contract's schema as JSON. */
const inlineCharacters = 128 * 1024

/** Paths of the contract times paths of the file: each pair may be a rename, which takes some 5 µs to judge. */
const inlinePairs = 2_500

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
