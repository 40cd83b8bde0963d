/** Runs drifthook's conformance suites against the toy adapters, with whatever registers tests. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  fakeClock,
  type QueueHarness,
  queueConformance,
  runConformance,
  type StorageHarness,
  storageConformance,
} from 'drifthook/testkit'
import { ToyQueue } from './queue.js'
import { ToyStorage } from './storage.js'

const folders: string[] = []

const storages: StorageHarness = {
  capabilities: new ToyStorage('unused').capabilities,
  async open() {
    const folder = await mkdtemp(join(tmpdir(), 'toy-'))
    folders.push(folder)
    const storage = new ToyStorage(join(folder, 'journal'))
    await storage.open()
    return storage
  },
  async close() {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
  },
}

const clock = fakeClock()
const queues: QueueHarness = {
  open: async () => new ToyQueue(clock),
  now: clock.now,
  advance: clock.advance,
  close: async () => {},
}

type Register = (name: string, run: () => Promise<void>) => unknown

export function certify(test: Register, skip: (name: string) => unknown): void {
  runConformance({ cases: storageConformance, harness: storages, test, skip })
  runConformance({ cases: queueConformance, harness: queues, test, skip })
}
