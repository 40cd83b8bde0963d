/** A file is compared with its monitor's contract; nothing is written down yet. */
import type { DriftReport, FormatName } from '../../diff/report.js'
import { type DrifthookError, isDrifthookError } from '../../errors.js'
import type { Measure } from '../../ports/analyzer.js'
import type { Row } from '../../ports/tables.js'
import type { Context } from '../context.js'
import { measureOf } from '../contracts.js'
import { notFound } from '../shared.js'
import type { UploadedFile } from './intake.js'
import type { Upload } from './keyed.js'

/** What was found out about a file: how it drifted, or why that cannot be said. */
export type Finding = { report: DriftReport; format: FormatName } | { fault: DrifthookError }

/** The contract, and how it measures. */
export interface Yardstick {
  contract: Row<'contracts'>
  measure: Measure
}

/** @throws DrifthookError `NOT_FOUND` if the contract is gone */
export async function yardstickOf(context: Context, { monitor, contract: read }: Upload): Promise<Yardstick> {
  const { tenantId, contractId } = monitor
  const contract = read ?? (await context.storage.get('contracts', tenantId, contractId))
  if (contract === null) throw notFound('contract')
  return { contract, measure: measureOf(context, contract) }
}

/**
 * @param isFault which errors are the file's own, and so a finding
 * @throws DrifthookError what is not: `UPLOADS_BUSY`, `STORAGE_UNAVAILABLE`
 */
export async function findingOf(
  { analyzer }: Context,
  file: UploadedFile,
  { contract, measure }: Yardstick,
  isFault: (error: DrifthookError) => boolean,
): Promise<Finding> {
  try {
    return await analyzer.check({ content: file.content, tenantId: contract.tenantId }, measure)
  } catch (error) {
    if (isDrifthookError(error) && isFault(error)) return { fault: error }
    throw error
  }
}

const contentFaults: readonly string[] = [
  'FORMAT_UNDECIDED',
  'FORMAT_MISMATCH',
  'FILE_MALFORMED',
  'FILE_LIMIT_EXCEEDED',
  'SCHEMA_UNSUPPORTED',
]

/** The faults of a file's content that are recorded as an event. Others are refusals, and leave nothing behind. */
export const isContentFault = ({ code }: DrifthookError): boolean => contentFaults.includes(code)

/** Whatever is wrong with a file that has its event already: a refusal comes too late to leave nothing behind. */
export const isAnyFault = ({ status }: DrifthookError): boolean => status === 400
