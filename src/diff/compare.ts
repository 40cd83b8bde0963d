/** From a contract and a file to a report: the face of the comparison. The rules are in `walk.ts`, `checks.ts`, `policy.ts`. */
import { createHash } from 'node:crypto'
import { DrifthookError } from '../errors.js'
import { Comparison } from './comparison.js'
import { readContract } from './contract.js'
import { isRecord, readOrigin } from './evidence.js'
import { type Finding, Judge, severityOf, summarise } from './policy.js'
import { PreparedContract } from './prepared.js'
import type { Profile } from './profile.js'
import type { Change, ContractSchema, DriftReport, Policy } from './report.js'
import { profileOfContract } from './schema-profile.js'

export interface CompareOptions {
  /** When overrides expire against it; default: the current time. */
  now?: Date
}

/**
 * Compares a file with a contract, or a contract with another one. Difference is judged from the reader's
 * side: a file may say less than the contract allows, never more.
 * @param schema the contract: inferred by `toSchema`, or any JSON Schema
 * @param file what a file showed, or the schema that would take the contract's place
 * @throws DrifthookError `SCHEMA_UNSUPPORTED`, `FORMAT_MISMATCH`
 */
export function compare(
  schema: ContractSchema,
  file: Profile | ContractSchema,
  policy: Policy = {},
  options: CompareOptions = {},
): DriftReport {
  return compareWith(new PreparedContract(schema), file, policy, options)
}

/** The same, with a contract that is at hand for many files. */
export function compareWith(
  prepared: PreparedContract,
  file: Profile | ContractSchema,
  policy: Policy = {},
  options: CompareOptions = {},
): DriftReport {
  const isSchema = !isProfile(file)
  const contract = prepared.read(isSchema ? (readOrigin(file).format ?? 'json') : file.format)
  const format = contract.format ?? 'json'
  const profile = isSchema ? profileOfContract(readContract(file, format), format) : file
  if (contract.format !== null && contract.format !== profile.format) {
    const message = `The contract is for ${contract.format}, the file is ${profile.format}.`
    throw new DrifthookError('FORMAT_MISMATCH', message)
  }
  const judge = new Judge(policy, options.now ?? new Date())
  const checked = !isSchema && file.checkedBy !== undefined && file.checkedBy === prepared.hash
  const comparison = new Comparison(contract, profile, policy, judge, isSchema, checked)
  comparison.run()
  return report(profile, comparison, judge)
}

function isProfile(file: Profile | ContractSchema): file is Profile {
  return isRecord(file.root) && (file.root as { children?: unknown }).children instanceof Map
}

function report(profile: Profile, { findings, observations }: Comparison, judge: Judge): DriftReport {
  const sorted = findings.sort((a, b) => compareText(sortKey(a), sortKey(b)))
  const changes = sorted.map((finding) => judge.judge(finding))
  return {
    format: profile.format,
    hasDrift: changes.length > 0,
    summary: summarise(changes),
    severity: severityOf(changes),
    ...judge.verdict(sorted, changes),
    changes,
    observations: observations.sort((a, b) => compareText(a.path + a.message, b.path + b.message)),
    fingerprint: fingerprintOf(changes),
  }
}

function sortKey({ path, kind, aspect, toPath, from, to }: Finding): string {
  return JSON.stringify([path, kind, aspect ?? '', toPath ?? '', from, to])
}

/** By code unit, the same on every machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** What the drift is, without how often or where it showed. */
function fingerprintOf(changes: readonly Change[]): string | null {
  if (changes.length === 0) return null
  const identities = changes.map(({ kind, path, toPath, aspect, from, to }) =>
    JSON.stringify([kind, path, toPath ?? null, aspect ?? null, from, to]),
  )
  return createHash('sha256').update(identities.sort().join('\n')).digest('hex').slice(0, 32)
}
