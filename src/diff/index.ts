/** `drifthook/diff`: from the bytes of a file to what drifted. Pure: no I/O, no state, usable on its own. */
import { DrifthookError } from '../errors.js'
import { readContract } from './contract.js'
import { detectFormat, detections } from './formats/detect.js'
import { builtInFormats, findFormat } from './formats/registry.js'
import { type DiffLimits, defaultLimits, limitExceeded } from './limits.js'
import type { Profile } from './profile.js'
import type { ContractSchema, FormatName } from './report.js'
import { isTable } from './schema.js'
import { asksValues, contractHash, startingNode } from './value-check.js'

export { type Column, type Columns, type ColumnType, columnTypes, fromColumns, toColumns } from './columns.js'
export { type CompareOptions, compare } from './compare.js'
export { type DetectedFormat, detectFormat } from './formats/detect.js'
export { learn } from './learn.js'
export { type DiffLimits, defaultLimits } from './limits.js'
export {
  type Finding,
  type JsonType,
  mergeProfiles,
  type NumberFacts,
  type PathProfile,
  type Profile,
  type Range,
  type TextFacts,
} from './profile.js'
export { type Accepted, type AcceptOptions, applyProposals } from './proposal-apply.js'
export { renderText } from './render/text.js'
export type * from './report.js'
export { toSchema } from './schema.js'

export interface ProfileFileOptions {
  /** The format, when the caller knows it; else it is told from the content. */
  format?: FormatName
  limits?: Partial<DiffLimits>
  /**
   * Keys the hashes of values. Values of two profiles compare only under one key; use one per contract.
   * Without it the key is all zeros: then whoever reads a schema can test guesses of values against it.
   */
  key?: Uint8Array
  /**
   * The contract the profile will be compared with. What it demands of single values (`pattern`,
   * `multipleOf`, `anyOf`, long enumerations, …) is then asked of every value on the way; without it these
   * are decided for small sets of values only. Costs nothing where the contract demands nothing of the kind.
   */
  contract?: ContractSchema
}

/**
 * Reads a file in one pass and keeps what it showed at each path; memory grows with the paths, not the file.
 * @throws DrifthookError `FORMAT_UNDECIDED`, `FORMAT_MISMATCH` (it is certainly not the named format),
 *   `FILE_MALFORMED`, `FILE_EMPTY`, `FILE_LIMIT_EXCEEDED`
 */
export function profile(bytes: Uint8Array, options: ProfileFileOptions = {}): Profile {
  const limits = { ...defaultLimits, ...options.limits }
  const key = options.key ?? new Uint8Array(32)
  if (bytes.length > limits.bytes) throw limitExceeded('bytes', limits)
  if (options.format === undefined) return profileAs(detectFormat(bytes).format, bytes, limits, key, options)
  try {
    return profileAs(options.format, bytes, limits, key, options)
  } catch (error) {
    throw mismatch(options.format, bytes) ?? error
  }
}

function profileAs(
  name: FormatName,
  bytes: Uint8Array,
  limits: DiffLimits,
  key: Uint8Array,
  { contract: schema }: ProfileFileOptions,
): Profile {
  const format = findFormat(name)
  if (!format) throw new DrifthookError('FORMAT_UNDECIDED', `There is no format of the name given.`)
  if (schema === undefined) return format.profile(bytes, { limits, key })
  const contract = readContract(schema)
  if (!asksValues(contract.root)) return format.profile(bytes, { limits, key })
  const expected = startingNode(contract, isTable(name))
  const seen = format.profile(bytes, { limits, key, expected })
  // JSON lines show themselves only on the way: then every line is an item of the contract's list.
  const found =
    seen.dialect.lines === true ? format.profile(bytes, { limits, key, expected: contract.root.items }) : seen
  return { ...found, checkedBy: contractHash(schema) }
}

/** A file that cannot be read as the format it was said to be, and plainly is another one. */
function mismatch(name: FormatName, bytes: Uint8Array): DrifthookError | null {
  const [best] = detections(bytes.subarray(0, 65_536), builtInFormats)
  const own = best && findFormat(name)?.detect(bytes.subarray(0, 65_536))
  if (!best || best.format === name || best.confidence < 0.8 || (own && own.confidence >= 0.5)) return null
  return new DrifthookError('FORMAT_MISMATCH', `The file was said to be ${name}, but ${best.evidence}.`)
}
