import { describe, expect, it } from 'vitest'
import { newSecret } from '../../../src/signing/index.js'
import { send, started, text, transport } from './support.js'

describe('the testkit receiver', () => {
  it('hands out requests in their order, whether they came before or after they were asked for', async () => {
    const there = await started()
    const to = transport()
    await send(to, there.url('/1'))
    const later = [there.next(), there.next(), there.next()]
    await send(to, there.url('/2'))
    await send(to, there.url('/3'))
    expect((await Promise.all(later)).map(({ path }) => path)).toEqual(['/1', '/2', '/3'])
    expect(there.requests.map(({ path }) => path)).toEqual(['/1', '/2', '/3'])
  })

  it('says so when nothing comes, and loses nothing by it', async () => {
    const there = await started()
    await expect(there.next(20)).rejects.toThrow('no further request within 20 ms')
    await send(transport(), there.url('/late'))
    expect(await there.next(20)).toMatchObject({ path: '/late' })
  })

  it('answers by its script, also one that takes time or fails', async () => {
    const there = await started({
      respond: async ({ path, body }) => {
        if (path === '/throw') throw new Error('a bug in the script')
        return { status: 418, body }
      },
    })
    const to = transport()
    expect((await send(to, there.url('/throw'))).failure).toMatchObject({ code: 'connection_reset' })
    const echoed = await send(to, there.url())
    expect(echoed.status).toBe(418)
    expect(text(echoed)).toBe('{"event":"test"}')
  })

  it('has nothing to verify before a request, and verifies the one it is given', async () => {
    const there = await started()
    expect(() => there.verify(newSecret())).toThrow('no request')
    await send(transport(), there.url())
    expect(there.verify(newSecret(), await there.next())).toMatchObject({ reason: 'missing_header' })
  })
})
