/** The analyzer port: runs the diff core where it does not block the host. */
import type { ContractSchema, DriftReport, FormatName, Policy } from '../diff/report.js'

/** Files up to so many bytes stay in memory, and are read on the thread that took them in: cheaper than another. */
export const inlineBytes = 256 * 1024

/** Bytes in memory, or those of an open file, read from its start: any thread of the process can. */
export type Content = Uint8Array | OpenFile

export interface OpenFile {
  fd: number
  /** Bytes. */
  size: number
}

/** A file that came in. */
export interface IncomingFile {
  content: Content
  /** Whose it is: tenants take turns where files wait. */
  tenantId: string
}

export interface SampleFile {
  bytes: Uint8Array
  /** Given by the caller; else told from the content. */
  format?: FormatName
}

/** What a contract is made from. */
export interface Inference {
  schema: ContractSchema
  format: FormatName
}

/** One file measured by one contract. */
export interface Check {
  format: FormatName
  report: DriftReport
}

/** What a file is measured by. */
export interface Measure {
  /** Names the schema for good: another version of a contract has another id. */
  schemaId: string
  /** The schema of that id, for an analyzer that does not have it at hand. What it rejects with, `check` does. */
  schema(): Promise<ContractSchema>
  policy: Policy
  format: FormatName | null
  key: Uint8Array
}

export interface Analyzer {
  /**
   * Makes sure analysis can run.
   * @throws DrifthookError `WORKER_NOT_FOUND`
   */
  open(): Promise<void>
  close(): Promise<void>
  /**
   * Learns one schema from one or more samples of one format.
   * @throws DrifthookError `FORMAT_UNDECIDED`, `FORMAT_MISMATCH`, `FILE_MALFORMED`, `FILE_LIMIT_EXCEEDED`
   */
  infer(samples: readonly SampleFile[], options: { key: Uint8Array }): Promise<Inference>
  /**
   * Compares a file with a contract.
   * @throws DrifthookError as {@link infer}, `SCHEMA_UNSUPPORTED`, and `UPLOADS_BUSY` if too many wait already
   */
  check(file: IncomingFile, measure: Measure): Promise<Check>
}
