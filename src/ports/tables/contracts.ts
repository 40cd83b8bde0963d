/** What is expected, where files come in, and how they compared. */
import type { ContractSchema, DriftReport, Policy } from '../../diff/report.js'
import type { RateLimit } from '../../model.js'
import { boolean, instant, integer, json, nullable, table, text } from '../columns.js'
import { key } from './shared.js'

/** What an upload's answer says of those who are told. */
export interface Told {
  alertQueued: boolean
  partnerNotified: boolean
  alertSuppressed: boolean
}

export const contractTables = {
  contracts: table({
    columns: {
      ...key,
      name: text,
      description: nullable(text),
      vendor: nullable(text),
      tags: json<string[]>(),
      format: nullable(text),
      version: integer,
      policy: json<Policy>(),
      /** The key of the contract's value sketches, encrypted. */
      sketchKeySealed: text,
      /** How many monitors and subscriptions name this contract. It may be deleted only at 0. */
      users: integer,
      createdAt: instant,
      updatedAt: instant,
    },
    unique: { name: ['tenantId', 'name'] },
    indexes: { created: ['createdAt'] },
  }),
  /** One row per version; its id is `<contract id>:<version>`. */
  contractVersions: table({
    columns: {
      ...key,
      contractId: text,
      version: integer,
      changeType: text,
      summary: nullable(text),
      actor: text,
      createdAt: instant,
    },
    indexes: { contract: ['contractId', 'version'] },
  }),
  contractSchemas: table({ columns: { ...key, schema: json<ContractSchema>() } }),

  monitors: table({
    columns: {
      ...key,
      name: text,
      description: nullable(text),
      contractId: text,
      active: boolean,
      /** SHA-256 of the upload token, hex: how an upload finds its monitor. */
      tokenHash: text,
      tokenPrefix: text,
      /** The token itself, encrypted, so that its owner can see the URL again. */
      tokenSealed: text,
      /** Bytes of one file; null: as many as the installation allows. */
      maxBytes: nullable(integer),
      /** Files in one request. */
      maxFiles: integer,
      rateLimit: json<RateLimit | null>(),
      /** Addresses and CIDR ranges that may upload; none: all. */
      allowedAddresses: json<string[]>(),
      /** The key of the files' signatures, encrypted; null: they are not signed. */
      signingSealed: nullable(text),
      signingPrefix: nullable(text),
      createdAt: instant,
      updatedAt: instant,
      lastUploadAt: nullable(instant),
    },
    unique: { token: ['tokenHash'] },
    indexes: { created: ['createdAt'] },
  }),

  driftEvents: table({
    columns: {
      /** `id` is the event's number, from the counter `driftEvents`, as 16 digits: text order is number order. */
      ...key,
      monitorId: nullable(text),
      contractId: text,
      contractVersion: integer,
      sourceName: nullable(text),
      fileName: nullable(text),
      /** Bytes. */
      fileSize: nullable(integer),
      /** Hex. */
      fileSha256: nullable(text),
      format: nullable(text),
      status: text,
      severity: nullable(text),
      result: text,
      score: nullable(integer),
      additions: integer,
      removals: integer,
      changes: integer,
      renames: integer,
      fingerprint: nullable(text),
      /** Monitor and fingerprint, on the one event that stands for a drift nobody has settled yet. */
      openKey: nullable(text),
      notes: nullable(text),
      resolvedVia: nullable(text),
      resolvedBy: nullable(text),
      createdAt: instant,
      resolvedAt: nullable(instant),
    },
    unique: { open: ['tenantId', 'openKey'] },
    indexes: {
      created: ['createdAt'],
      contract: ['contractId', 'createdAt'],
      monitor: ['monitorId', 'createdAt'],
      status: ['status', 'createdAt'],
    },
  }),
  driftReports: table({
    columns: {
      ...key,
      report: json<DriftReport | null>(),
      error: json<Record<string, unknown> | null>(),
      /** Who was told, as the sender was answered; null where nothing was compared. */
      told: json<Told | null>(),
    },
  }),
} as const
