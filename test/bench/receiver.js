/** Counts requests. Asked `{ until }`, it answers when so many have come since it was last asked. */
import { createServer } from 'node:http'

let received = 0
let until = Infinity

const server = createServer((request, response) => {
  request.resume().once('end', () => {
    response.end('ok')
    received += 1
    answer()
  })
})

function answer() {
  if (received < until) return
  received -= until
  until = Infinity
  process.send?.({ done: true })
}

process.on('message', (/** @type {{ until: number }} */ question) => {
  until = question.until
  answer()
})
// Whoever started this process is gone.
process.on('disconnect', () => process.exit())

server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  process.send?.({ url: `http://127.0.0.1:${port}/` })
})
