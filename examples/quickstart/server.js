// The quick start: an Express app with drifthook mounted, a partner who pushes files, and a receiver that
// verifies what it is told. `npm start` stays up; `npm start -- --once` ends after the round.

import { createDrifthook } from 'drifthook'
import { sqliteStorage } from 'drifthook/sqlite'
import express from 'express'
import { loadKeys, storageFile } from './data.js'
import { createReceiver } from './receiver.js'
import { playRound } from './round.js'
import { setUp } from './set-up.js'

const once = process.argv.includes('--once')
const keys = loadKeys()

const drifthook = createDrifthook({
  storage: sqliteStorage({ filename: storageFile }),
  secretKey: keys.secretKey,
  authenticate: (request) =>
    request.get('x-api-key') === keys.apiKey ? { tenantId: 'demo', actor: 'you', permissions: ['*'] } : null,
  // The receiver of this example listens on loopback, without TLS.
  delivery: { allowLoopback: true },
})

const receiver = createReceiver()
const app = express()
app.use('/drift', drifthook.router)
app.post('/receiver', express.raw({ type: '*/*' }), receiver.handler)

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
server.on('error', (error) => {
  console.error(`${error.message}\nAnother port: PORT=3001 npm start`)
  process.exitCode = 1
})
server.on('listening', async () => {
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : ''}`
  try {
    const demo = await setUp(drifthook, origin, receiver)
    await drifthook.start()
    await playRound(drifthook, origin, demo, receiver)
    if (once) await end()
    else console.log(tryIt(origin, demo.token))
  } catch (error) {
    console.error(error)
    process.exitCode = 1
    await end()
  }
})

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.once(signal, end)

async function end() {
  server.close()
  server.closeAllConnections()
  await drifthook.stop()
}

/**
 * @param {string} origin
 * @param {string} token
 */
function tryIt(origin, token) {
  return `
Try it (the server stays up; Ctrl+C ends it):

  curl -F file=@examples/quickstart/files/orders-drifted.json ${origin}/drift/webhook/${token}
  curl -H 'x-api-key: ${keys.apiKey}' ${origin}/drift/api/v1/events
  curl -H 'x-api-key: ${keys.apiKey}' ${origin}/drift/api/v1/webhooks
`
}
