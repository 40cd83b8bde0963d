import { expect, it } from 'vitest'
import { failAtTls } from '../support/tls-failures.js'

it('ten thousand failed handshakes leave neither memory nor sockets behind', async () => {
  const { failed, bytesEach, handles } = await failAtTls(2_000)
  console.log(`${failed} failed, ${Math.round(bytesEach)} bytes each, ${handles} sockets`)
  expect(failed).toBe(10_000)
  // A connection that is kept costs some 6 KB; what is left here is the measure's own noise.
  expect(bytesEach).toBeLessThan(200)
  expect(handles).toBeLessThanOrEqual(0)
})
