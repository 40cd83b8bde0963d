/**
 * The nouns, as the services return them and the wire shows them (there in `snake_case`). Instants are
 * RFC 3339 strings in UTC.
 *
 * - **Contract**: the schema that files are expected to honour, versioned.
 * - **Monitor**: an upload URL bound to a contract.
 * - **DriftEvent**: one comparison of a file with a contract, recorded.
 * - **Subscription**: who is told, where and how.
 * - **Message**: one thing that happened.
 * - **Delivery**: one message on its way to one subscription.
 * - **Attempt**: one HTTP try of a delivery.
 * - **Job**: durable work that is no delivery: a replay, a re-encryption.
 * - **Principal**: who calls: tenant, actor, permissions.
 * - **AuditEntry**: who did what, when.
 */
import type {
  Change,
  ContractSchema,
  DriftSummary,
  Observation,
  Policy,
  Result,
  Severity,
} from './diff/report.js'
import type { SignatureHeaders, SignatureScheme } from './signing/index.js'

export type { SignatureHeaders, SignatureScheme }

/** A permission is `<noun>:<verb>`; `*` stands for all, `<noun>:*` for every verb of a noun. */
export type Permission =
  | 'contracts:read'
  | 'contracts:write'
  | 'monitors:read'
  | 'monitors:write'
  /** See the upload URL, which is a credential, again. */
  | 'monitors:reveal'
  | 'events:read'
  | 'subscriptions:read'
  | 'subscriptions:write'
  | 'deliveries:read'
  /** Send again what was sent before: redeliver, replay. */
  | 'deliveries:redeliver'
  | 'messages:read'
  | 'messages:publish'
  | 'uploads:check'
  | 'jobs:read'
  | 'jobs:write'
  | 'secrets:reencrypt'
  | 'health:read'

/** Who calls. The host's `authenticate` makes it; drifthook believes it. */
export interface Principal {
  /** Whose records may be touched. Any non-empty text the host chooses, at most 128 characters. */
  tenantId: string
  /** Shown in the audit trail: a user, a key's name, a service. */
  actor: string
  permissions: readonly (Permission | '*' | `${string}:*`)[]
}

export interface Contract {
  id: string
  name: string
  description: string | null
  vendor: string | null
  tags: string[]
  /** Of the file it was learned from; null for a hand-written schema, which then measures any format. */
  format: string | null
  version: number
  schema: ContractSchema
  policy: Policy
  createdAt: string
  updatedAt: string
}

/** A contract as lists show it: all but its schema. */
export type ContractSummary = Omit<Contract, 'schema'>

export interface Monitor {
  id: string
  name: string
  description: string | null
  contractId: string
  active: boolean
  /** Bytes of one file; null: as many as the installation allows. */
  maxBytes: number | null
  /** Files in one request. */
  maxFiles: number
  /** Null: the installation's. */
  rateLimit: RateLimit | null
  /** Addresses and CIDR ranges that may upload; none: all. */
  allowedAddresses: string[]
  /** Whether files must be signed. */
  signed: boolean
  /** The token's first characters: enough to tell two apart, useless to a thief. */
  tokenPrefix: string
  /** The same of the secret that files are signed with; null where they are not. */
  signingPrefix: string | null
  createdAt: string
  updatedAt: string
  lastUploadAt: string | null
}

/** What only creation, rotation and `uploadUrl` show: the credential itself. */
export interface MonitorSecret {
  token: string
}

/** What only switching signatures on and rotation show: the secret that files are signed with. */
export interface MonitorSigningSecret {
  signingSecret: string
}

/** `processing`: taken in, and not compared yet. */
export type EventStatus = 'processing' | 'pending' | 'resolved' | 'ignored' | 'rejected'

/** An event as lists show it. */
export interface DriftEventSummary {
  /** Positive, unique and growing; what the upload answered as `event_id`. */
  id: number
  monitorId: string | null
  contractId: string
  contractVersion: number
  sourceName: string | null
  fileName: string | null
  /** Bytes. */
  fileSize: number | null
  /** Lower-case hex. */
  fileSha256: string | null
  format: string | null
  status: EventStatus
  severity: Severity | null
  /** Null while it is processing. */
  result: Result | null
  score: number | null
  driftSummary: DriftSummary
  fingerprint: string | null
  notes: string | null
  resolvedVia: string | null
  resolvedBy: string | null
  createdAt: string
  resolvedAt: string | null
}

export interface DriftEvent extends DriftEventSummary {
  changes: Change[]
  observations: Observation[]
  /** `result: "error"` only: why the file could not be compared. */
  error: Record<string, unknown> | null
}

export type Audience = 'internal' | 'partner'

/** At most so many requests in so many milliseconds. */
export interface RateLimit {
  points: number
  durationMs: number
}

export interface Subscription {
  id: string
  name: string
  description: string | null
  /** Query values are masked: they may be credentials. */
  url: string
  /** Message types (`drift.detected`, `contact.*`, `*`) or results (`breaking`, `warning`, `pass`). */
  events: string[]
  contractId: string | null
  monitorId: string | null
  audience: Audience
  /** `webhook`, `slack`, `teams`, or one of the host's own. */
  channel: string
  enabled: boolean
  /** `manual`, `receiver_gone` (410) or `failing` (for too long). */
  disabledReason: string | null
  signature: SignatureScheme
  /** Null: the host's header names for the scheme. */
  signatureHeaders: SignatureHeaders | null
  /** Milliseconds after each failed attempt, or a preset's name; null: the host's schedule. */
  retryDelays: readonly number[] | string | null
  rateLimit: RateLimit | null
  /** Names of the extra request headers; values are masked. */
  headers: Record<string, string>
  secretPrefix: string
  createdBy: string
  createdAt: string
  updatedAt: string
  lastDeliveryStatus: 'delivered' | 'failed' | null
  lastDeliveryAt: string | null
  /** The first failed attempt since the last one that succeeded; null: the last one succeeded. */
  failingSince: string | null
}

/** What only creation and rotation show: the signing secret, and how to verify with it. */
export interface SubscriptionSecret {
  secret: string
  verification: { scheme: SignatureScheme; headers: string[]; snippet: string }
}

/** What a rotation shows besides: until when the secret before it signs too. */
export interface RotatedSecret extends SubscriptionSecret {
  previousSecretUntil: string | null
}

export interface Message {
  id: string
  type: string
  result: string | null
  contractId: string | null
  monitorId: string | null
  data: unknown
  createdAt: string
}

export type DeliveryStatus = 'pending' | 'delivered' | 'failed'

export interface Delivery {
  id: string
  webhookId: string
  messageId: string
  event: string
  status: DeliveryStatus
  failureReason: string | null
  httpStatusCode: number | null
  attemptCount: number
  /** Null when finished, and while an attempt is under way. */
  nextAttemptAt: string | null
  completedAt: string | null
  createdAt: string
}

/** Whose fault a failed attempt is. */
export type AttemptErrorClass = 'ours' | 'refused' | 'network' | 'receiver'

/** An attempt as lists show it. */
export interface AttemptSummary {
  id: string
  deliveryId: string
  number: number
  startedAt: string
  durationMs: number
  responseStatus: number | null
  /** `ours`: our own fault; `refused`: an address we do not call; `network`; `receiver`. */
  errorClass: AttemptErrorClass | null
  error: string | null
}

export interface Attempt extends AttemptSummary {
  url: string
  timings: Record<string, number>
  /** The signature is masked. */
  requestHeaders: Record<string, string>
  responseHeaders: Record<string, string>
  /** At most the first 2 KiB, as text. */
  responseBody: string | null
}

export type JobStatus = 'pending' | 'done' | 'failed' | 'cancelled'

/** Durable work that is no delivery. It survives restarts and can be cancelled. */
export interface Job {
  id: string
  /** `expunge` and `prune` are the installation's own: no tenant sees them. */
  kind: 'replay' | 'reencrypt' | 'end_deliveries' | 'fan_out' | 'upload_lease' | 'expunge' | 'prune'
  /** The subscription it is about (`fan_out`: the message; `upload_lease`: the event; `expunge`: the tenant), or null. */
  target: string | null
  status: JobStatus
  /** Counts so far; which ones depends on the kind. */
  progress: Record<string, unknown>
  failureReason: string | null
  createdBy: string
  createdAt: string
  updatedAt: string
  completedAt: string | null
}

/** One page of a list. */
export interface List<Item> {
  items: Item[]
  /** Opaque; null when there is nothing further. */
  nextCursor: string | null
}

/** What a checked upload answers. */
export interface UploadResult {
  success: true
  /** Null: a dry run, which records nothing. */
  eventId: number | null
  /** Only of a dry run. */
  dryRun?: true
  hasDrift: boolean
  driftSummary: DriftSummary
  alertQueued: boolean
  partnerNotified: boolean
  alertSuppressed: boolean
  severity: Severity | null
  result: Exclude<Result, 'error'>
}
