/** The suites under node:test: proof that they need no runner of ours. */
import test from 'node:test'
import { runConformance } from '../../src/testkit/conformance.js'
import { queueConformance } from '../../src/testkit/queue-conformance.js'
import { storageConformance } from '../../src/testkit/storage-conformance.js'
import { memoryHarness, memoryQueueHarness } from './harnesses.js'

runConformance({ cases: storageConformance, harness: memoryHarness(), test, skip: test.skip })
runConformance({ cases: queueConformance, harness: memoryQueueHarness(), test, skip: test.skip })
