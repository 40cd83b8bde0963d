/** `drifthook/diff`: from the bytes of a file to what drifted. Pure: no I/O, no state, usable on its own. */
import { DrifthookError } from '../errors.js'
import { readContract } from './contract.js'
import { detectFormat, detections } from './formats/detect.js'
import { builtInFormats, type Format, findFormat } from './formats/registry.js'
import { type DiffLimits, defaultLimits, limitExceeded } from './limits.js'
import type { Profile } from './profile.js'
import type { ContractSchema, FormatName } from './report.js'
import { isTable } from './schema.js'
import { asksValues, contractHash, startingNode } from './value-check.js'

export { type Column, type Columns, type ColumnType, columnTypes, fromColumns, toColumns } from './columns.js'
export { type CompareOptions, compare } from './compare.js'
export { type Documents, type ReadOptions, readDocuments } from './delta/documents.js'
export { type DeltaHtmlOptions, deltaHtml } from './delta/html.js'
export type {
  Delta,
  DeltaChange,
  DeltaLimits,
  DeltaSummary,
  JsonObject,
  JsonScalar,
  JsonValue,
  KeyUse,
} from './delta/model.js'
export { type JsonPatchOperation, toJsonPatch } from './delta/patch.js'
export { type DeltaOptions, delta } from './delta.js'
export { type CustomFormat, defineFormat } from './formats/custom.js'
export { type DetectedFormat, detectFormat } from './formats/detect.js'
export { builtInFormats, type Detection, type Format } from './formats/registry.js'
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
export { renderHtml } from './render/html.js'
export { type RenderFormat, render, renderFormats } from './render/index.js'
export { renderJunit } from './render/junit.js'
export { renderMarkdown } from './render/markdown.js'
export { renderSarif, type SarifLog } from './render/sarif.js'
export type { RenderOptions } from './render/shared.js'
export { renderSlack, type SlackMessage } from './render/slack.js'
export { renderTeams, type TeamsMessage } from './render/teams.js'
export { renderText } from './render/text.js'
export type * from './report.js'
export { aspects, changeKinds, impacts } from './report.js'
export { reportSchema } from './report-schema.js'
export { toSchema } from './schema.js'

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
 *   `FILE_MALFORMED`, `FILE_EMPTY`, `FILE_LIMIT_EXCEEDED`
 */
export function profile(bytes: Uint8Array, options: ProfileFileOptions = {}): Profile {
  const limits = { ...defaultLimits, ...options.limits }
  const key = options.key ?? new Uint8Array(32)
  const formats = options.formats ?? builtInFormats
  if (bytes.length > limits.bytes) throw limitExceeded('bytes', limits)
  const as = (name: FormatName) => profileAs(findFormat(name, formats), bytes, limits, key, options.contract)
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
  schema: ContractSchema | undefined,
): Profile {
  if (!format) throw new DrifthookError('FORMAT_UNDECIDED', 'There is no format of the name given.')
  if (schema === undefined) return format.profile(bytes, { limits, key })
  const contract = readContract(schema)
  if (!asksValues(contract.root)) return format.profile(bytes, { limits, key })
  const expected = startingNode(contract, isTable(format.name))
  const seen = format.profile(bytes, { limits, key, expected })
  // JSON lines show themselves only on the way: then every line is an item of the contract's list.
  const found =
    seen.dialect.lines === true ? format.profile(bytes, { limits, key, expected: contract.root.items }) : seen
  return { ...found, checkedBy: contractHash(schema) }
}

/** A file that cannot be read as the format it was said to be, and plainly is another one. */
function mismatch(name: FormatName, bytes: Uint8Array, formats: readonly Format[]): DrifthookError | null {
  const head = bytes.subarray(0, 65_536)
  const [best] = detections(head, formats)
  const own = best && findFormat(name, formats)?.detect(head)
  if (!best || best.format === name || best.confidence < 0.8 || (own && own.confidence >= 0.5)) return null
  return new DrifthookError('FORMAT_MISMATCH', `The file was said to be ${name}, but ${best.evidence}.`)
}
