/** The process that delivers, for wire.js: `wire-worker.js <engine> <schema>`. */
import { createDrifthook } from 'drifthook'
import { engineOn } from './wire-engines.js'

const [engine = '', schema = ''] = process.argv.slice(2)
const { settings, end } = engineOn(engine, schema)
const drifthook = createDrifthook({ authenticate: () => null, ...settings })
await drifthook.start()
process.on('message', async () => {
  await drifthook.stop({ drainMs: 1_000 })
  await end()
  process.exit()
})
// Whoever started this process is gone.
process.on('disconnect', () => process.exit())
process.send?.({ ready: true })
