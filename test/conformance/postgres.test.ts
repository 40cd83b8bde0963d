import { afterAll, describe, it } from 'vitest'
import { runConformance } from '../../src/testkit/conformance.js'
import { storageConformance } from '../../src/testkit/storage-conformance.js'
import { postgresHarness } from './postgres-harness.js'

const harness = postgresHarness()
afterAll(() => harness.end())

describe('postgresStorage', () => {
  runConformance({ cases: storageConformance, harness, test: it, skip: it.skip })
})
