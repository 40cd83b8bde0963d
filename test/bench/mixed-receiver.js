/** Receivers of which half work: `/ok…` answers, `/error…` answers 500, `/reset…` ends the connection. */
import { createServer } from 'node:http'

const server = createServer((request, response) => {
  request.resume().once('end', () => {
    if (request.url?.startsWith('/reset')) return request.socket.resetAndDestroy()
    response.statusCode = request.url?.startsWith('/error') ? 500 : 200
    response.end('seen')
  })
})
// Whoever started this process is gone.
process.on('disconnect', () => process.exit())

server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  process.send?.({ url: `http://127.0.0.1:${port}` })
})
