import { describe, it } from 'vitest'
import { runConformance } from '../../src/testkit/conformance.js'
import { storageConformance } from '../../src/testkit/storage-conformance.js'
import { sqliteHarness } from './harnesses.js'

describe('sqliteStorage with libsql', () => {
  runConformance({ cases: storageConformance, harness: sqliteHarness(), test: it, skip: it.skip })
})
