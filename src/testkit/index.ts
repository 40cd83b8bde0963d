/** `drifthook/testkit`: for those who test an app with drifthook in it, and for those who write an adapter. */
export { type ConformanceCase, type ConformanceRun, runCase, runConformance } from './conformance.js'
export { type FakeClock, fakeClock } from './fake-clock.js'
export {
  type HostileKind,
  type HostileKindName,
  type HostileReceiver,
  hostileKinds,
  hostileReceiver,
} from './hostile.js'
export { type LimiterCase, type LimiterHarness, limiterConformance } from './limiter-conformance.js'
export { type QueueCase, type QueueHarness, queueConformance } from './queue-conformance.js'
export {
  type Answer,
  type ReceivedRequest,
  type Receiver,
  type ReceiverOptions,
  type Response,
  receiver,
} from './receiver.js'
export { settle } from './settle.js'
export { type StorageCase, type StorageHarness, storageConformance } from './storage-conformance.js'
