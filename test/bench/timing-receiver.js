/**
 * Receivers of messages that say when they were published. `/hang…` never answers, every other path does.
 * Asked anything, it tells how long the messages took since it was last asked.
 */
import { createServer } from 'node:http'

/** In milliseconds. */
let latencies = /** @type {number[]} */ ([])

const server = createServer((request, response) => {
  if (request.url?.startsWith('/hang')) {
    request.resume()
    return
  }
  let body = ''
  request
    .setEncoding('utf8')
    .on('data', (chunk) => {
      body += chunk
    })
    .once('end', () => {
      response.end('ok')
      latencies.push(Number(process.hrtime.bigint() - BigInt(JSON.parse(body).data.at)) / 1e6)
    })
})

process.on('message', () => {
  process.send?.({ latencies })
  latencies = []
})
// Whoever started this process is gone.
process.on('disconnect', () => process.exit())

server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  process.send?.({ url: `http://127.0.0.1:${port}` })
})
