import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { completed, missingFrom } from '../tools/lock.js'

const partial = {
  packages: {
    '': {},
    'node_modules/tool': {
      version: '1.2.3',
      dev: true,
      optionalDependencies: {
        '@tool/win32-arm64': '1.2.3',
        '@tool/linux-x64-musl': '1.2.3',
        other: '^1.0.0',
      },
    },
    'node_modules/@tool/win32-arm64': { version: '1.2.3' },
  },
}

describe('package-lock.json', () => {
  it('names every platform, so that `npm ci` takes it (else: node test/tools/complete-lock.js)', async () => {
    const lock = JSON.parse(await readFile(new URL('../../package-lock.json', import.meta.url), 'utf8'))
    expect(missingFrom(lock)).toEqual([])
  })
})

describe('completed', () => {
  it('adds what is missing, for its own platform only', () => {
    expect(missingFrom(partial).map(({ name }) => name)).toEqual(['@tool/linux-x64-musl'])
    const lock = completed(partial)
    expect(missingFrom(lock)).toEqual([])
    expect(lock.packages['node_modules/@tool/linux-x64-musl']).toEqual({
      version: '1.2.3',
      dev: true,
      optional: true,
      os: ['linux'],
      cpu: ['x64'],
      libc: ['musl'],
    })
  })

  it('finds what lies nested', () => {
    const tool = partial.packages['node_modules/tool']
    const packages = {
      'node_modules/a/node_modules/tool': tool,
      'node_modules/a/node_modules/@tool/win32-arm64': {},
      'node_modules/@tool/linux-x64-musl': {},
    }
    expect(missingFrom({ packages })).toEqual([])
  })

  it('refuses a name that tells no platform', () => {
    const packages = { 'node_modules/tool': { optionalDependencies: { fast: '1.0.0' } } }
    expect(() => completed({ packages })).toThrow('fast does not say')
  })
})
