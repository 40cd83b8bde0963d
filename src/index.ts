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
export type { Queue, WakeUp } from './ports/queue.js'
export type { Storage } from './ports/storage.js'
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
