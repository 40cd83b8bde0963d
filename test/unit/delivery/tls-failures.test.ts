import { expect, it } from 'vitest'
import { failAtTls } from '../../support/tls-failures.js'

// The nightly run does the same ten thousand times.
it('failed handshakes leave neither memory nor sockets behind', async () => {
  const { failed, bytesEach, handles } = await failAtTls(100)
  expect(failed).toBe(500)
  // Over so few the measure is coarse, but a connection that is kept costs some 6 KB.
  expect(bytesEach).toBeLessThan(2_000)
  expect(handles).toBeLessThanOrEqual(0)
})
