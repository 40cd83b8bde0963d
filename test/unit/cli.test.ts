/** Policies from a file: what the command line accepts, and which field it names when it does not. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.js'
import { policySchema } from '../../src/services/policy.js'

const directory = mkdtempSync(join(tmpdir(), 'drifthook-policy-'))
const sample = join(directory, 'a.json')
beforeAll(() => writeFileSync(sample, '{"id":1}'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

async function faultOf(policy: unknown): Promise<string | null> {
  const file = join(directory, 'policy.json')
  writeFileSync(file, JSON.stringify(policy))
  let err = ''
  const code = await main(['diff', sample, sample, '--policy', file], {
    version: '0',
    stdin: (async function* () {})(),
    out: () => {},
    err: (text) => {
      err += text
    },
  })
  expect(code).toBe(err === '' ? 0 : 2)
  return err === '' ? null : err.slice(err.indexOf(file) + file.length + 2).trimEnd()
}

const override = { path: 'a', impact: 'info', reason: 'r' }

describe('a policy for the command line', () => {
  it.each([
    {},
    {
      profile: 'strict',
      ignore: ['a.*'],
      mode: 'score',
      renames: { enabled: false, threshold: 0.5 },
    },
    { overrides: [{ ...override, kind: 'changed', aspect: 'type', expiresAt: '2030-01-01T00:00:00Z' }] },
    { aliases: [{ from: 'a', to: 'b' }] },
  ])('is accepted: %j', async (policy) => {
    expect(await faultOf(policy)).toBeNull()
    // What the server says of the same policy.
    expect(policySchema.safeParse(policy).success).toBe(true)
  })

  it.each([
    [{ profil: 'strict' }, 'profil is not known.'],
    [{ profile: 'loose' }, 'profile is one of strict, by-name, lenient, positional.'],
    [{ ignore: 'a' }, 'ignore is a list.'],
    [{ ignore: ['a', 1] }, 'ignore[1] is a text.'],
    [{ overrides: [{ path: 'a', impact: 'info' }] }, 'overrides[0].reason is missing.'],
    [
      { overrides: [{ ...override, impact: 'fatal' }] },
      'overrides[0].impact is one of breaking, warning, info.',
    ],
    [{ overrides: [{ ...override, expiresAt: 'soon' }] }, 'overrides[0].expiresAt is an RFC 3339 time.'],
    [{ overrides: [null] }, 'overrides[0] is an object.'],
    [{ renames: { threshold: 2 } }, 'renames.threshold is a number from 0 to 1.'],
    [{ renames: { enabled: 'no' } }, 'renames.enabled is true or false.'],
    [{ aliases: [{ from: 'a' }] }, 'aliases[0].to is missing.'],
    [{ constructor: 1 }, 'constructor is not known.'],
    [[], 'This is not a JSON object.'],
  ])('is refused: %j', async (policy, fault) => {
    expect(await faultOf(policy)).toBe(fault)
    expect(policySchema.safeParse(policy).success).toBe(false)
  })
})
