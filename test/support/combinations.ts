/**
 * The pairs of storage and queue that are supported, and which of them this run is about: `DRIFTHOOK_COMBINATION`
 * names it. Without that variable it is memory, for speed.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteStorage } from '../../src/adapters/sqlite/index.js'
import { memoryStorage, type Queue, type Storage } from '../../src/index.js'

/** What one process is made of, as options of `createDrifthook`. No queue: the default one, in memory. */
export interface Parts {
  storage: Storage
  secretKey: Uint8Array
  queue?: Queue
}

/** A store of its own, and the engine beside it. */
export interface Place {
  /** The parts of a process that works here; each call makes those of another one. */
  open(): Parts
  /** Removes everything. What was opened must be stopped before. */
  close(): Promise<void>
}

/** One side of a combination: where its storages, or its queues, are made. Each call is a place of its own. */
export type Half<T> = () => { make: () => T; close: () => Promise<void> }

interface Halves {
  storages: Half<Storage>
  /** Absent: wake-ups stay in memory. */
  queues?: Half<Queue>
}

const inMemory: Half<Storage> = () => {
  const storage = memoryStorage()
  return { make: () => storage, close: async () => {} }
}

const inFile: Half<Storage> = () => {
  const folder = mkdtempSync(join(tmpdir(), 'drifthook-place-'))
  return {
    make: () => sqliteStorage({ filename: join(folder, 'drifthook.db') }),
    close: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

const servers = () => import('./server-places.js')
const secretKey = new Uint8Array(32).fill(7)

export class Combination {
  #halves: Halves | null = null

  constructor(
    readonly name: string,
    private readonly load: () => Halves | Promise<Halves>,
  ) {}

  /** Finds the servers: to be awaited before the first place is made. */
  async ready(): Promise<void> {
    this.#halves ??= await this.load()
  }

  place(): Place {
    if (this.#halves === null) throw new Error(`${this.name} is not ready`)
    const storage = this.#halves.storages()
    const queue = this.#halves.queues?.()
    return {
      open: () => ({ storage: storage.make(), secretKey, ...(queue && { queue: queue.make() }) }),
      close: async () => void (await Promise.all([storage.close(), queue?.close()])),
    }
  }

  toString(): string {
    return this.name
  }
}

export const memory = new Combination('memory + memory', () => ({ storages: inMemory }))
export const sqlite = new Combination('sqlite + memory', () => ({ storages: inFile }))

/** Those that need a server. */
export const onServers: readonly Combination[] = [
  new Combination('postgres + memory', async () => ({ storages: await (await servers()).inPostgres() })),
  new Combination('postgres + graphile', async () => {
    const { inPostgres, byGraphile } = await servers()
    return { storages: await inPostgres(), queues: await byGraphile() }
  }),
  new Combination('postgres + bullmq', async () => {
    const { inPostgres, byBullmq } = await servers()
    return { storages: await inPostgres(), queues: await byBullmq() }
  }),
  new Combination('redis + memory', async () => ({ storages: await (await servers()).inRedis() })),
  new Combination('redis + bullmq', async () => {
    const { inRedis, byBullmq } = await servers()
    return { storages: await inRedis(), queues: await byBullmq() }
  }),
]

function named(name: string): Combination {
  const found = [memory, sqlite, ...onServers].find((each) => each.name === name)
  if (found === undefined) throw new Error(`no combination is called ${name}`)
  return found
}

const asked = process.env.DRIFTHOOK_COMBINATION

/** The one that this run is about. */
export const here = asked === undefined ? memory : named(asked)
/** The same if it keeps what it is told, else SQLite: for tests of what one process leaves to the next. */
export const durableHere = here === memory ? sqlite : here
/** Those that whatever depends on the storage is tested on: the one asked for, or else the two quick ones. */
export const testedHere: readonly Combination[] = asked === undefined ? [memory, sqlite] : [here]

await Promise.all([here, durableHere, ...testedHere].map((each) => each.ready()))
