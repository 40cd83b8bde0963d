/** What a server under load says of itself: how long its event loop was held up, and its peak of memory. */
import { monitorEventLoopDelay } from 'node:perf_hooks'

/**
 * Listens, tells the parent where, and answers its questions.
 * @param {import('express').Express} app
 * @param {string} path of the upload
 */
export function serve(app, path) {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const server = app.listen(0, '127.0.0.1', () => {
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
    process.send?.({ url: `http://127.0.0.1:${port}${path}` })
  })
  process.on('message', (question) => {
    if (question === 'watch') {
      delay.enable()
      delay.reset()
      process.send?.({})
    } else {
      delay.disable()
      const peakMb = process.resourceUsage().maxRSS / 1024
      process.send?.({ p99Ms: delay.percentile(99) / 1e6, peakMb })
    }
  })
  // Whoever started this process is gone.
  process.on('disconnect', () => process.exit())
}
