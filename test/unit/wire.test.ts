import { describe, expect, it } from 'vitest'
import { fromWire, pathToWire, toWire } from '../../src/http/wire.js'

describe('the wire', () => {
  it('renames keys at every depth, but not inside what is somebody else’s', () => {
    const inner = { createdAt: 1, snake_case: 2 }
    expect(
      toWire({
        createdAt: 1,
        listOf: [{ toPath: 'x' }],
        schema: inner,
        headers: inner,
        data: inner,
        example: inner,
      }),
    ).toEqual({
      created_at: 1,
      list_of: [{ to_path: 'x' }],
      schema: inner,
      headers: inner,
      data: inner,
      example: inner,
    })
    expect(fromWire({ contract_id: 1, policy: { overrides: [{ expires_at: 'x' }] }, sample: inner })).toEqual(
      {
        contractId: 1,
        policy: { overrides: [{ expiresAt: 'x' }] },
        sample: inner,
      },
    )
  })

  it('knows camelCase keys of the wire by no service’s name', () => {
    expect(fromWire({ contractId: 1 })).not.toHaveProperty('contractId')
  })

  it('keeps __proto__ an ordinary key', () => {
    const made = fromWire(JSON.parse('{"__proto__":{"polluted":true}}')) as object
    expect(Object.keys(made)).toEqual(['__proto__'])
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it('tells paths as the caller wrote them', () => {
    expect(pathToWire('policy.overrides[0].expiresAt')).toBe('policy.overrides[0].expires_at')
    expect(pathToWire('data[0][1].innerKey')).toBe('data[0][1].innerKey')
    expect(pathToWire('headers.X-Api-Key')).toBe('headers.X-Api-Key')
    const misspelt = Object.keys(fromWire({ contractId: 1 }) as object)[0] ?? ''
    expect(pathToWire(misspelt)).toBe('contractId')
  })
})
