/** What the analyzer does to bytes, wherever it runs: here, or in a worker thread. */
import {
  compare,
  detectFormat,
  type Format,
  mergeProfiles,
  type Profile,
  profile,
  toSchema,
} from '../diff/index.js'
import type { ContractSchema } from '../diff/report.js'
import { DrifthookError, isDrifthookError } from '../errors.js'
import type { Analyzer, Check, Inference, SampleFile } from '../ports/analyzer.js'

export type Task =
  | { kind: 'infer'; samples: readonly SampleFile[]; key: Uint8Array }
  | { kind: 'check'; file: SampleFile; contract: Parameters<Analyzer['check']>[1]; now: number }

/** @throws DrifthookError as the Analyzer port says */
export function analyze(task: Task, formats: readonly Format[]): Inference | Check {
  return task.kind === 'infer' ? infer(task.samples, task.key, formats) : check(task, formats)
}

function infer(samples: readonly SampleFile[], key: Uint8Array, formats: readonly Format[]): Inference {
  const profiles = samples.map((sample) => read(sample, sample.format ?? null, key, formats))
  const merged = profiles.reduce((sum, next) => {
    if (next.format === sum.format) return mergeProfiles(sum, next)
    throw mismatch(sum.format, next.format)
  })
  return { schema: toSchema(merged), format: merged.format }
}

function check({ file, contract, now }: Extract<Task, { kind: 'check' }>, formats: readonly Format[]): Check {
  const seen = read(file, contract.format, contract.key, formats, contract.schema)
  return {
    format: seen.format,
    report: compare(contract.schema, seen, contract.policy, { now: new Date(now) }),
  }
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
  contract?: ContractSchema,
): Profile {
  const format = file.format ?? formatOf(file.bytes, expected, formats)
  if (expected !== null && format !== expected) throw mismatch(expected, format)
  return profile(file.bytes, { format, key, formats, ...(contract ? { contract } : {}) })
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
