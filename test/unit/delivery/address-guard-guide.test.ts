/** The guide's guarded client, run as it stands in docs/guides/address-guard.md. */

import dns from 'node:dns'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { type Dispatcher, request } from 'undici'
import { afterAll, beforeAll, describe, expect, it, type MockInstance, onTestFinished, vi } from 'vitest'
import { started } from './support.js'

const root = join(import.meta.dirname, '../../..')
const scratch = join(root, 'test/.tmp/address-guard')

interface Client {
  post(url: string, body: string): Promise<Dispatcher.ResponseData>
  agent: Dispatcher
}

/** The client as an environment makes it. */
async function client(environment: string): Promise<Client> {
  const guide = readFileSync(join(root, 'docs/guides/address-guard.md'), 'utf8')
  const [, code = ''] = guide.match(/```ts\n(import \{ lookup \}.*?)```/s) ?? []
  const file = join(scratch, `${environment}.ts`)
  mkdirSync(scratch, { recursive: true })
  writeFileSync(file, code.replace(`'drifthook'`, `'../../../src/index.js'`))
  vi.stubEnv('NODE_ENV', environment)
  const made = (await import(file)) as Client
  vi.unstubAllEnvs()
  return made
}

/** Stands in for the system's resolver. */
function answerWith(...addresses: string[]): void {
  const found = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }))
  const lookup = vi.spyOn(dns, 'lookup') as unknown as MockInstance<(...of: unknown[]) => void>
  lookup.mockImplementation((_name, _options, callback) =>
    (callback as (...of: unknown[]) => void)(null, found),
  )
  syncBuiltinESMExports()
  onTestFinished(() => {
    lookup.mockRestore()
    syncBuiltinESMExports()
  })
}

describe('the client of the guide', () => {
  let strict: Client
  let lenient: Client
  beforeAll(async () => {
    strict = await client('production')
    lenient = await client('development')
  })
  afterAll(async () => {
    await Promise.all([strict.agent.destroy(), lenient.agent.destroy()])
    rmSync(scratch, { recursive: true, force: true })
  })

  it('delivers to this machine in development', async () => {
    const there = await started()
    for (const host of ['127.0.0.1', '2130706433', 'localhost']) {
      const answer = await lenient.post(`http://${host}:${there.port}/`, 'hello')
      expect(answer.statusCode).toBe(200)
      await answer.body.dump()
    }
    expect(there.requests.map(({ body }) => body.toString())).toEqual(['hello', 'hello', 'hello'])
  })

  it.each(['127.0.0.1', '2130706433', '10.0.0.1', '[::1]', '[::ffff:7f00:1]'])(
    'refuses the literal %s, which no lookup sees',
    async (host) => {
      const there = await started()
      const url = `https://${host}:${there.port}/`
      await expect(strict.post(url, 'hello')).rejects.toThrow('The address is not a public one')
      expect(there.connections()).toBe(0)
    },
  )

  it.each([
    ['one bad address', ['10.0.0.1'], ['127.0.0.1']],
    ['a good and a bad one', ['127.0.0.1', '10.0.0.1'], ['127.0.0.1', '127.0.0.1']],
    ['a bad one in IPv6', ['::ffff:10.0.0.1'], ['::ffff:127.0.0.1', '127.0.0.1']],
  ])('refuses a name with %s', async (_what, bad, good) => {
    const there = await started()
    const url = `http://hooks.localhost:${there.port}/`
    answerWith(...bad)
    await expect(lenient.post(url, 'hello')).rejects.toThrow('leads to an address that is not public')
    expect(there.connections()).toBe(0)
    answerWith(...good)
    const answer = await lenient.post(url, 'hello')
    expect(answer.statusCode).toBe(200)
    await answer.body.dump()
  })

  it('refuses a public name that leads to this machine', async () => {
    const there = await started()
    answerWith('127.0.0.1')
    const url = `https://hooks.example.com:${there.port}/`
    await expect(strict.post(url, 'hello')).rejects.toThrow('leads to an address that is not public')
    expect(there.connections()).toBe(0)
  })

  it('refuses by the socket what the first check was not asked about', async () => {
    const there = await started()
    const get = (dispatcher: Dispatcher) => request(there.url(), { dispatcher })
    await expect(get(strict.agent)).rejects.toThrow('leads to an address that is not public')
    expect(there.requests).toEqual([])
    const answer = await get(lenient.agent)
    expect(answer.statusCode).toBe(200)
    await answer.body.dump()
  })
})
