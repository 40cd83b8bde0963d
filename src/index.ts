/** The face of drifthook. */
export { memoryQueue } from './adapters/memory/queue.js'
export { memoryStorage } from './adapters/memory/storage.js'
export {
  type AddressGuard,
  type AddressGuardOptions,
  createAddressGuard,
  type Refusal,
} from './delivery/address-guard.js'
export { createDrifthook, type Drifthook, type StartOptions, type StopOptions } from './drifthook.js'
export {
  DrifthookError,
  type ErrorCode,
  errorCodes,
  type FieldError,
  isDrifthookError,
  type Limit,
  type Place,
} from './errors.js'
export type { Handler, HttpRequest } from './http/request.js'
export type * from './model.js'
export type { Authenticate, DrifthookOptions } from './options.js'
export { type Clock, systemClock } from './ports/clock.js'
export type { Column, ColumnKind, Table } from './ports/columns.js'
export type { HostTransaction } from './ports/host-transaction.js'
export type { ConsumeOptions, Queue, WakeUp } from './ports/queue.js'
export {
  type Capabilities,
  type ClaimRequest,
  type Cursor,
  isPreconditionFailed,
  type ListQuery,
  type Outcome,
  type Page,
  PreconditionFailed,
  type SettleResult,
  type Storage,
  type Write,
} from './ports/storage.js'
export {
  declaration,
  type IndexOf,
  type Row,
  type TableName,
  tables,
  type UniqueOf,
  type WorkTableName,
} from './ports/tables.js'
export type { EventTypeDefinition } from './services/catalogue.js'
export {
  type Channel,
  type ChannelAnswer,
  type ChannelMessage,
  type ChannelSendContext,
  defineChannel,
  type RenderedBody,
  type SendVerdict,
} from './services/channels/channel.js'
export type { Logger, Patience } from './services/context.js'
export type {
  AttemptEnd,
  AttemptEvent,
  AttemptWatch,
  ClaimEvent,
  DeliveryEvent,
  Hooks,
  PublishEvent,
  SettleEvent,
} from './services/hooks.js'
export type { DrifthookTransaction } from './services/transaction.js'
