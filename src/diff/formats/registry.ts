/** The formats there are. A new one is a file beside this one and a line in the list below. */
import type { ContractNode } from '../contract.js'
import type { DiffLimits } from '../limits.js'
import type { Profile } from '../profile.js'
import type { FormatName } from '../report.js'
import { csv } from './csv.js'
import { json } from './json.js'
import { keyValue } from './key-value.js'
import { x12 } from './x12.js'
import { xml } from './xml.js'

export interface Format {
  readonly name: FormatName
  /**
   * Whether the start of a file (up to 64 KiB) looks like this format. Content only, never a file name.
   * @returns how sure, 0 to 1, and why in a few words without values of the file; null: certainly not
   */
  detect(head: Uint8Array): Detection | null
  /**
   * Reads a whole file once, and keeps none of its bytes: the next file may come in the same memory.
   * @throws DrifthookError `FILE_MALFORMED`, `FILE_EMPTY`, `FILE_LIMIT_EXCEEDED`, with a place
   */
  profile(bytes: Uint8Array, options: ProfileOptions): Profile
}

export interface Detection {
  confidence: number
  evidence: string
}

export interface ProfileOptions {
  limits: DiffLimits
  /** The HMAC key of the value sketches. */
  key: Uint8Array
  /** What a contract expects of a document, or of a record: hand it to the builder. */
  expected?: ContractNode | null
}

export const builtInFormats: readonly Format[] = Object.freeze([json, csv, xml, x12, keyValue])

export function findFormat(
  name: FormatName,
  formats: readonly Format[] = builtInFormats,
): Format | undefined {
  return formats.find((format) => format.name === name)
}
