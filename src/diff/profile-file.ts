/** From the bytes of a file to its profile. */
import { DrifthookError } from '../errors.js'
import { detectFormat, detections } from './formats/detect.js'
import { builtInFormats, type Format, findFormat } from './formats/registry.js'
import { type DiffLimits, defaultLimits, limitExceeded } from './limits.js'
import { PreparedContract } from './prepared.js'
import type { Profile } from './profile.js'
import type { ContractSchema, FormatName } from './report.js'
import { isTable } from './schema.js'
import { startingNode } from './value-check.js'

export interface ProfileFileOptions {
  /** The format, when the caller knows it; else it is told from the content. */
  format?: FormatName
  /** The formats there are: the built-in ones unless given. */
  formats?: readonly Format[]
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
 *   `FILE_MALFORMED`, `XML_DOCTYPE_REFUSED`, `FILE_EMPTY`, `FILE_LIMIT_EXCEEDED`
 */
export function profile(bytes: Uint8Array, options: ProfileFileOptions = {}): Profile {
  const { contract } = options
  return profileFor(contract === undefined ? null : new PreparedContract(contract), bytes, options)
}

/** The same, against a contract that is at hand for many files. */
export function profileFor(
  contract: PreparedContract | null,
  bytes: Uint8Array,
  options: Omit<ProfileFileOptions, 'contract'>,
): Profile {
  const limits = { ...defaultLimits, ...options.limits }
  const key = options.key ?? new Uint8Array(32)
  const formats = options.formats ?? builtInFormats
  if (bytes.length > limits.bytes) throw limitExceeded('bytes', limits)
  const as = (name: FormatName) => profileAs(findFormat(name, formats), bytes, limits, key, contract)
  if (options.format === undefined) return as(detectFormat(bytes, formats).format)
  try {
    return as(options.format)
  } catch (error) {
    throw mismatch(options.format, bytes, formats) ?? error
  }
}

function profileAs(
  format: Format | undefined,
  bytes: Uint8Array,
  limits: DiffLimits,
  key: Uint8Array,
  contract: PreparedContract | null,
): Profile {
  if (!format) throw new DrifthookError('FORMAT_UNDECIDED', 'There is no format of the name given.')
  if (!contract?.asksValues) return format.profile(bytes, { limits, key })
  const read = contract.read()
  const expected = startingNode(read, isTable(format.name))
  const seen = format.profile(bytes, { limits, key, expected })
  // JSON lines show themselves only on the way: then every line is an item of the contract's list.
  const found =
    seen.dialect.lines === true ? format.profile(bytes, { limits, key, expected: read.root.items }) : seen
  return { ...found, checkedBy: contract.hash }
}

/** A file that cannot be read as the format it was said to be, and plainly is another one. */
function mismatch(name: FormatName, bytes: Uint8Array, formats: readonly Format[]): DrifthookError | null {
  const head = bytes.subarray(0, 65_536)
  const [best] = detections(head, formats)
  const own = best && findFormat(name, formats)?.detect(head)
  if (!best || best.format === name || best.confidence < 0.8 || (own && own.confidence >= 0.5)) return null
  return new DrifthookError('FORMAT_MISMATCH', `The file was said to be ${name}, but ${best.evidence}.`)
}
