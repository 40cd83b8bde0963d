import type { ErrorCode, Place } from '../../../src/errors.js'
import type { TargetFormat } from '../../support/upload-target.js'

/** Where an attack can be sent. */
export interface Places {
  upload(format?: TargetFormat): string
  /** The management routes, and a header that opens them. */
  api: string
  apiKey: Record<string, string>
}

/** The answer that is right. */
export type Expected =
  /** Read like any other file: what is odd about it is drift or nothing. */
  | 'compared'
  /** Node's own HTTP parser refuses it, or the connection ended before there was a request: drifthook has no say. */
  | 'not HTTP'
  | { code: ErrorCode; place?: Place; limit?: string }

export interface Attack {
  name: string
  /** The request's bytes. */
  request(to: Places): Buffer
  /** What the sender does after its last byte. By default it waits for the answer. */
  after?: 'end' | 'cut'
  /** How often it is sent, one after the other. Default once. */
  times?: number
  expected: Expected
}

/** An attack that somebody published a number for. */
export interface Advisory extends Attack {
  /** CVE or GHSA. */
  number: string
  component: string
  /** What it did, in a few words. */
  about: string
}

/** An advisory that has nothing an upload could be made of. */
export interface NotReplayable {
  number: string
  component: string
  about: string
  why: string
}
