/** Model runs: commands that fast-check makes and shrinks, against a world, judged at their end. */
import fc from 'fast-check'
import { delivers, failsAlways } from './answers.js'
import { type History, law, transitions } from './history.js'
import { judgeEnd, judgeHealthy } from './judge.js'
import { type Operation, operations, perform } from './operations.js'
import { type Setting, World } from './world.js'

/** How the webhooks of a run are. */
interface Shape {
  delays: readonly number[]
  preset?: string
  rateLimit: { points: number; durationMs: number } | null
}

const hours = 3_600_000
const shape: fc.Arbitrary<Shape> = fc.record({
  delays: fc.constantFrom(
    [],
    [0],
    [5_000, 25_000],
    [1_000, 60_000, 2 * hours],
    [200, 200, 200, 200, 200, 200, 200],
  ),
  rateLimit: fc.option(fc.constantFrom({ points: 1, durationMs: 1_000 }, { points: 2, durationMs: 60_000 })),
})
/** Written down here anew, as the document promises them. */
const presets: Shape[] = [
  { preset: 'driftguard', delays: [5_000, 25_000], rateLimit: null },
  {
    preset: 'default',
    delays: [5_000, 25_000, 300_000, 1_800_000, 2 * hours, 5 * hours, 10 * hours, 14 * hours, 20 * hours],
    rateLimit: null,
  },
]

/** The model of a run is its history: what happened, by which the laws judge what may happen next. */
class Command implements fc.AsyncCommand<History, World> {
  constructor(readonly operations: readonly Operation[]) {}

  check(): boolean {
    return true
  }

  async run(_: History, world: World): Promise<void> {
    await world.until(Promise.all(this.operations.map((each) => perform(world, each))))
  }

  toString(): string {
    return this.operations.map((each) => JSON.stringify(each)).join(' while ')
  }
}

export interface RunOptions {
  /** How the world of each run is made, and what becomes of it. */
  setting: () => Omit<Setting, 'pauses'> & { begun?: (world: World) => void; close?: () => void }
  numRuns: number
  medium?: 'channel' | 'http'
  maxCommands?: number
}

/** Runs the model so many times. Fails with fast-check's report: seed, path, and the shortest run that fails. */
export async function runModel(options: RunOptions): Promise<void> {
  const { setting, numRuns, medium = 'channel', maxCommands = 25 } = options
  const commands = fc.commands([operations(medium).map((list) => new Command(list))], {
    maxCommands,
    size: 'max',
  })
  const shapes = fc.array(fc.oneof(shape, fc.constantFrom(...presets)), {
    minLength: 1,
    maxLength: 3,
  })
  const pauses = fc.array(fc.nat(2), { minLength: 1, maxLength: 12 })
  const property = fc.asyncProperty(shapes, pauses, commands, async (shapes, pauses, commands) => {
    const { begun, close, ...rest } = setting()
    const world = new World({ ...rest, pauses })
    begun?.(world)
    await world.begin()
    try {
      for (const [n, shape] of shapes.entries()) await world.subscribe(`hook${n}`, shape, [delivers()])
      await fc.asyncModelRun(() => ({ model: world.history, real: world }), commands)
      await finish(world)
    } finally {
      await world.end()
      close?.()
    }
  })
  await fc.assert(property, { numRuns, ...seedFromEnvironment() })
}

/**
 * Lets everything end. Faults are over; one receiver fails for as long as its schedule lasts, the others answer well.
 * Then all answer well, and what is published then arrives.
 */
async function finish(world: World): Promise<void> {
  for (const { faults } of world.workers) Object.assign(faults, { death: null, refusals: 0 })
  const [first, ...others] = world.hooks
  if (first !== undefined) first.script = failsAlways
  for (const hook of others) hook.script = [delivers()]
  await drain(world)
  for (const [n, hook] of world.hooks.entries()) {
    hook.script = [delivers()]
    if (transitions(world.history, hook.id).at(-1)?.to === 'disabled')
      await perform(world, { do: 'enable', hook: n })
  }
  await world.publish()
  await drain(world)
  judgeHealthy(world)
}

async function drain(world: World): Promise<void> {
  let step = 1_000
  for (let rounds = 0; (await world.nextDue()) !== null || world.isCalling; rounds++) {
    law(rounds < 20_000, 'everything ends', () => world.history.all.slice(-50))
    await world.waitForDue(step)
    const before = world.history.next
    await world.until(world.work(rounds % 2))
    // What is due and not taken up waits for a breaker, a rate limit or a lease.
    step = world.history.next > before ? 1_000 : Math.min(step * 2, 60_000)
  }
  await judgeEnd(world)
}

/** To repeat a run that failed: `DRIFTHOOK_SEED`, as its report names it. */
function seedFromEnvironment(): { seed?: number } {
  const { DRIFTHOOK_SEED } = process.env
  return DRIFTHOOK_SEED === undefined ? {} : { seed: Number(DRIFTHOOK_SEED) }
}
