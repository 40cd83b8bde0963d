/** What many failed TLS handshakes leave behind in the process that tried them. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { httpTransport } from '../../src/delivery/transport.js'
import { type HostileKindName, hostileReceiver } from '../../src/testkit/hostile.js'

const kinds: HostileKindName[] = [
  'tls-self-signed',
  'tls-plain-text',
  'tls-garbage',
  'tls-closes',
  'tls-resets',
]
const CONCURRENCY = 8

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

async function measured(): Promise<{ bytes: number; handles: number }> {
  for (let n = 0; n < 3; n += 1) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external } = process.memoryUsage()
  const sockets = process.getActiveResourcesInfo().filter((name) => /TCPSocket|TLS/.test(name))
  return { bytes: heapUsed + external, handles: sockets.length }
}

/**
 * Fails `count` times at each kind of bad TLS, every second time at a host name of its own.
 *
 * @returns how often it failed as TLS, and by how many bytes a failure and how many sockets the process grew
 */
export async function failAtTls(
  count: number,
): Promise<{ failed: number; bytesEach: number; handles: number }> {
  const receivers = await Promise.all(kinds.map((kind) => hostileReceiver(kind)))
  const resolve = async () => [{ address: '127.0.0.1', family: 4 }]
  const to = httpTransport({ allowLoopback: true, resolve })
  const body = Buffer.from('{}')
  let failed = 0

  const attempt = async (n: number): Promise<void> => {
    const { port } = receivers[n % receivers.length] ?? { port: 0 }
    const host = n % 2 === 0 ? '127.0.0.1' : `r${n}.localhost`
    const { failure } = await to.send({
      url: `https://${host}:${port}/`,
      headers: {},
      body,
      timeoutMs: 30_000,
    })
    if (failure?.code.startsWith('tls_')) failed += 1
  }
  const run = async (attempts: number): Promise<void> => {
    let next = 0
    const loop = async (): Promise<void> => {
      while (next < attempts) await attempt(next++)
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, loop))
  }

  // What is made once, at the first few hundred of anything, is no leak.
  await run(Math.min(count, 100) * kinds.length)
  failed = 0
  const before = await measured()
  await run(count * kinds.length)
  const after = await measured()
  await to.close()
  await Promise.all(receivers.map((receiver) => receiver.close()))
  return {
    failed,
    bytesEach: (after.bytes - before.bytes) / (count * kinds.length),
    handles: after.handles - before.handles,
  }
}
