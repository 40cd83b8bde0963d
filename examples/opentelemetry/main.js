// One message, a receiver that is down at first, one trace. `node examples/opentelemetry/main.js` after `npm run build`.
import { EventEmitter, once } from 'node:events'
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base'
import { createDrifthook } from 'drifthook'
import express from 'express'
import { openTelemetryHooks } from './hooks.js'
import { tracedReceiver } from './receiver.js'
import { startTracing, treeOf } from './tracing.js'

const exporter = new InMemorySpanExporter()
startTracing(exporter)

const server = express()
  .post('/hook', tracedReceiver([503]))
  .listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
const port = typeof address === 'object' && address !== null ? address.port : 0

const ended = new EventEmitter()
const drifthook = createDrifthook({
  authenticate: () => null, // nobody calls over HTTP here
  eventTypes: ['contact.created'],
  delivery: { allowLoopback: true, retryDelays: [100] },
  hooks: { ...openTelemetryHooks(), settle: ({ status }) => void ended.emit(status) },
})

/** @type {import('drifthook').Principal} */
const owner = { tenantId: 'acme', actor: 'example', permissions: ['*'] }
await drifthook.subscriptions.create(owner, { url: `http://127.0.0.1:${port}/hook`, events: ['contact.*'] })
const delivered = once(ended, 'delivered')
await drifthook.start()
await drifthook.messages.publish(owner, { type: 'contact.created', data: { id: 7 } })
await delivered
await drifthook.stop()
server.close()
server.closeAllConnections()

process.stdout.write(treeOf(exporter.getFinishedSpans()))
