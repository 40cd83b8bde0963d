/** One process of a run: it publishes for whoever asks by HTTP, or delivers, until it is killed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createDrifthook } from 'drifthook'
import { fastClock } from './clock.js'
import { openQueue, openStorage, wakesOthers } from './combinations.js'
import { openJournal } from './journal.js'
import { killPoints } from './points.js'
import { random } from './random.js'
import { sabotages } from './sabotage.js'
import { commonOptions, tenantHeader } from './setting.js'
import { watchedQueue, watchedStorage, watchingHooks } from './watched.js'

/**
 * @typedef {object} ChildSettings
 * @property {string} name of this life of this process
 * @property {'api' | 'worker'} role
 * @property {string} combination
 * @property {import('./combinations.js').Place} place
 * @property {import('./clock.js').Pace} pace
 * @property {string} journal the file it writes what it does to
 * @property {number | string} seed
 * @property {number} droppedWakeUps
 * @property {import('./sabotage.js').Sabotage | null} sabotage
 */

const settings = /** @type {ChildSettings} */ (JSON.parse(process.env.CHAOS ?? '{}'))
const { name, role, combination, place, sabotage } = settings

// Nobody is left who would end it.
process.once('disconnect', () => process.exit(1))

const clock = fastClock(settings.pace)
const journal = openJournal(settings.journal)
const kill = killPoints(journal)
process.on('message', (/** @type {import('./points.js').Arm} */ arm) => kill.arm(arm))

const opened = await openStorage(combination, place)
const engine = await openQueue(combination, place, clock)
const beneath = sabotage === null ? opened.storage : sabotages[sabotage].wrap(opened.storage)
const { storage, fenceOf } = watchedStorage(beneath, { journal, kill })
const machineTime = wakesOthers(combination)
const drifthook = createDrifthook({
  ...commonOptions,
  authenticate: (request) => ({
    tenantId: request.get(tenantHeader) ?? '',
    actor: 'chaos',
    permissions: ['*'],
  }),
  storage,
  queue: watchedQueue(
    engine.queue,
    { journal, kill },
    { random: random(settings.seed, name), dropped: settings.droppedWakeUps, clock, machineTime },
  ),
  hooks: watchingHooks(name, { journal, kill, fenceOf }),
  clock,
})

process.once('SIGTERM', async () => {
  await drifthook.stop()
  await opened.end()
  await engine.end()
  process.exit()
})

/** A supervisor would start it again while a server is away; this saves the time. */
async function started() {
  for (;;) {
    try {
      return await drifthook.start({ runner: role === 'worker' || !wakesOthers(combination) })
    } catch (error) {
      console.error('cannot start yet', error)
      await sleep(50)
    }
  }
}

await started()
if (role === 'api') {
  const { default: express } = await import('express')
  const server = express().use(drifthook.router).listen(0, '127.0.0.1')
  server.once('listening', () => {
    const address = /** @type {import('node:net').AddressInfo} */ (server.address())
    process.send?.({ ready: address.port })
  })
} else {
  process.send?.({ ready: 0 })
}
