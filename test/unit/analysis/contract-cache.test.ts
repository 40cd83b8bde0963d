import { describe, expect, it } from 'vitest'
import { ContractCache } from '../../../src/analysis/contract-cache.js'

const schema = (title: string) => ({ title, type: 'object' })

/** A cache, and the ids it had to ask the schema of. */
function scene(limits: { contracts: number; characters: number }) {
  const cache = new ContractCache(limits)
  const asked: string[] = []
  const get = (id: string, title = id) =>
    cache.get(id, async () => {
      asked.push(id)
      return schema(title)
    })
  return { cache, asked, get }
}

describe('the contracts at hand', () => {
  it('are asked for once, and each is its own', async () => {
    const { asked, get } = scene({ contracts: 3, characters: 1_000 })
    const first = await get('a:1')
    expect(await get('a:1')).toBe(first)
    expect((await get('a:2')).contract.schema).toEqual(schema('a:2'))
    expect(first.contract.schema).toEqual(schema('a:1'))
    expect(JSON.parse(first.text)).toEqual(schema('a:1'))
    expect(asked).toEqual(['a:1', 'a:2'])
  })

  it('are never more than so many: the one unused for longest goes', async () => {
    const { cache, asked, get } = scene({ contracts: 2, characters: 1_000 })
    for (const id of ['a', 'b', 'a', 'c']) await get(id)
    expect(cache.size).toBe(2)
    for (const id of ['a', 'c', 'b']) await get(id)
    expect(asked).toEqual(['a', 'b', 'c', 'b'])
  })

  it('are never longer than so much together, and one alone above it is not kept', async () => {
    const { cache, asked, get } = scene({ contracts: 100, characters: 200 })
    for (const id of ['a', 'b']) await get(id)
    expect(cache.size).toBe(2)
    await get('long', 'x'.repeat(150))
    expect(cache.size).toBe(1)
    await get('longer', 'x'.repeat(500))
    expect(cache.size).toBe(1)
    for (const id of ['long', 'longer', 'a', 'long']) await get(id)
    expect(asked).toEqual(['a', 'b', 'long', 'longer', 'longer', 'a', 'long'])
  })

  it('are counted once when two ask at the same time', async () => {
    const { cache, get } = scene({ contracts: 100, characters: 100 })
    for (let n = 0; n < 20; n++) await Promise.all([get('a'), get('a')])
    await get('b')
    expect(cache.size).toBe(2)
  })

  it('do not keep a failure', async () => {
    const { cache, get } = scene({ contracts: 2, characters: 1_000 })
    await expect(cache.get('a', () => Promise.reject(new Error('gone')))).rejects.toThrow('gone')
    expect((await get('a')).contract.schema).toEqual(schema('a'))
  })
})
