/** What the analyzer does to bytes, wherever it runs: here, or in a worker thread. */
import { compareWith } from '../diff/compare.js'
import { detectFormat, type Format, mergeProfiles, type Profile, toSchema } from '../diff/index.js'
import { PreparedContract } from '../diff/prepared.js'
import { profileFor } from '../diff/profile-file.js'
import { DrifthookError, isDrifthookError } from '../errors.js'
import type { Check, Content, Inference, Measure, SampleFile } from '../ports/analyzer.js'
import { bytesOf } from './content.js'

export interface InferTask {
  kind: 'infer'
  samples: readonly SampleFile[]
  key: Uint8Array
}

/** What is compared, and how. */
export interface Comparison extends Pick<Measure, 'policy' | 'format' | 'key'> {
  content: Content
  /** When overrides expire against it. */
  now: number
}

export interface CheckTask extends Comparison {
  kind: 'check'
  /** The contract's, as JSON. */
  schema: string
}

export type Task = InferTask | CheckTask

/** @throws DrifthookError as the Analyzer port says */
export function analyze(task: Task, formats: readonly Format[]): Inference | Check {
  if (task.kind === 'infer') return infer(task, formats)
  const contract = new PreparedContract(JSON.parse(task.schema))
  return compared(task, contract, profileOf(task, contract, formats))
}

export function infer({ samples, key }: InferTask, formats: readonly Format[]): Inference {
  const profiles = samples.map((sample) => read(sample, sample.format ?? null, key, formats))
  const merged = profiles.reduce((sum, next) => {
    if (next.format === sum.format) return mergeProfiles(sum, next)
    throw mismatch(sum.format, next.format)
  })
  return { schema: toSchema(merged), format: merged.format }
}

/** @param contract the task's schema, prepared */
export function profileOf(
  { content, format, key }: Comparison,
  contract: PreparedContract,
  formats: readonly Format[],
): Profile {
  return read({ bytes: bytesOf(content) }, format, key, formats, contract)
}

export function compared({ policy, now }: Comparison, contract: PreparedContract, seen: Profile): Check {
  return { format: seen.format, report: compareWith(contract, seen, policy, { now: new Date(now) }) }
}

/**
 * The file's profile in the format its content has. The contract's own format decides only where the content
 * leaves it open, as a file of one column does.
 */
function read(
  file: SampleFile,
  expected: string | null,
  key: Uint8Array,
  formats: readonly Format[],
  contract: PreparedContract | null = null,
): Profile {
  const format = file.format ?? formatOf(file.bytes, expected, formats)
  if (expected !== null && format !== expected) throw mismatch(expected, format)
  return profileFor(contract, file.bytes, { format, key, formats })
}

function formatOf(bytes: Uint8Array, expected: string | null, formats: readonly Format[]): string {
  try {
    return detectFormat(bytes, formats).format
  } catch (error) {
    if (expected !== null && isDrifthookError(error) && error.code === 'FORMAT_UNDECIDED') return expected
    throw error
  }
}

const mismatch = (expected: string, found: string) =>
  new DrifthookError('FORMAT_MISMATCH', `The contract is for ${expected} files; this one is ${found}.`)
