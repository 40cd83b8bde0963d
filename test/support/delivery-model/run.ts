/** Model runs: commands that fast-check makes and shrinks, against a world, judged as they go and at their end. */
import fc from 'fast-check'
import { delivers, failsAlways } from './answers.js'
import { law } from './history.js'
import { judge, judgeEnd } from './judge.js'
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
  delays: fc.constantFrom([], [0], [5_000, 25_000], [1_000, 60_000, 2 * hours], [200, 200, 200, 200, 200, 200, 200]),
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

/** The model of a run is its history: what the commands made happen, and what that obliges drifthook to. */
interface Model {
  steps: number
}

class Command implements fc.AsyncCommand<Model, World> {
  constructor(readonly operations: readonly Operation[]) {}

  check(): boolean {
    return true
  }

  async run(model: Model, world: World): Promise<void> {
    model.steps++
    await world.until(Promise.all(this.operations.map((each) => perform(world, each))))
    judge(world)
  }

  toString(): string {
    return this.operations.map((each) => JSON.stringify(each)).join(' while ')
  }
}

export interface RunOptions {
  /** How the world of each run is made, and what becomes of it. */
  setting: () => Setting & { close?: () => void }
  numRuns: number
  medium?: 'channel' | 'http'
  maxCommands?: number
}

/** Runs the model so many times. Fails with fast-check's report: seed, path, and the shortest run that fails. */
export async function runModel({ setting, numRuns, medium = 'channel', maxCommands = 25 }: RunOptions) {
  const commands = fc.commands(
    [operations(medium).map((list) => new Command(list))],
    { maxCommands, size: 'max' },
  )
  const shapes = fc.array(fc.oneof(shape, fc.constantFrom(...presets)), { minLength: 1, maxLength: 3 })
  const pauses = fc.array(fc.nat(2), { minLength: 1, maxLength: 12 })
  const property = fc.asyncProperty(shapes, pauses, commands, async (shapes, pauses, commands) => {
    const { close, ...rest } = setting()
    const world = new World({ ...rest, pauses })
    try {
      for (const [n, shape] of shapes.entries()) await world.subscribe(`hook${n}`, shape, [delivers()])
      await fc.asyncModelRun(() => ({ model: { steps: 0 }, real: world }), commands)
      await finish(world)
    } finally {
      await world.end()
      close?.()
    }
  })
  await fc.assert(property, { numRuns, ...seedFromEnvironment() })
}

/** Lets everything end: faults are over; receivers answer well, or fail for as long as the schedules last. */
async function finish(world: World): Promise<void> {
  for (const { faults } of world.workers) Object.assign(faults, { death: null, refusals: 0 })
  const [first, ...others] = world.hooks
  if (first !== undefined) first.script = failsAlways
  for (const hook of others) hook.script = [delivers()]
  let step = 1_000
  for (let rounds = 0; (await world.nextDue()) !== null; rounds++) {
    law(rounds < 2_000, 'everything ends', () => world.history.all.slice(-50))
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
