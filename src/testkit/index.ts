/** `drifthook/testkit`: for those who test an app with drifthook in it, and for those who write an adapter. */
export { type ConformanceCase, type ConformanceRun, runConformance } from './conformance.js'
export { type FakeClock, fakeClock } from './fake-clock.js'
export { queueConformance } from './queue-conformance.js'
export { type Receiver, receiver } from './receiver.js'
export { settle } from './settle.js'
export { storageConformance } from './storage-conformance.js'
