/** What we tell receivers to paste verifies what we send: the guide's examples and the API's snippet, run. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import express from 'express'
import { afterAll, describe, expect, it } from 'vitest'
import { verifySnippet } from '../../../src/services/subscriptions/verify-snippet.js'
import {
  newSecret,
  type SignatureHeaders,
  type SignatureScheme,
  sign,
  signatureHeaders,
  signatureSchemes,
  verify,
} from '../../../src/signing/index.js'

const root = join(import.meta.dirname, '../../..')
const guide = readFileSync(join(root, 'docs/guides/verify-webhooks.md'), 'utf8')
const section = (title: string) => guide.split(/^## /m).find((text) => text.startsWith(title)) ?? ''
const code = (title: string) => /^```\w+\n(.*?)^```/ms.exec(section(title))?.[1] ?? ''

const [secret, other] = [newSecret(), newSecret()]
const body = Buffer.from(JSON.stringify({ event: 'drift.detected', data: { name: 'Käse 日本' } }))
const timestamp = Math.floor(Date.now() / 1000)
function signed(scheme: SignatureScheme, secrets: string[], at = timestamp, headers = {}) {
  return sign({ scheme, id: 'msg_1', timestamp: at, body, secrets, headers })
}
const signature = (...of: Parameters<typeof signed>) => Object.values(signed(...of)).at(-1) ?? ''

function run(command: string, parts: string[], env = {}) {
  const { status, stdout, stderr } = spawnSync(command, parts, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  return stdout.trim()
}
const missing = (command: string, flag: string) => spawnSync(command, [flag]).status !== 0

describe('the guide', () => {
  const scratch = join(root, 'test/.tmp/signing')
  mkdirSync(scratch, { recursive: true })
  afterAll(() => rmSync(scratch, { recursive: true, force: true }))

  it('names the headers there are', () => {
    for (const scheme of signatureSchemes) {
      const row = guide.split('\n').find((line) => line.startsWith(`| \`${scheme}\``)) ?? ''
      for (const name of Object.values(signatureHeaders(scheme))) expect(row).toContain(`\`${name}\``)
    }
  })

  it('verifies standard in Node', async () => {
    writeFileSync(join(scratch, 'node.ts'), code('`standard`'))
    const { verifyStandard } = await import(join(scratch, 'node.ts'))
    expect(verifyStandard(signed('standard', [secret]), body, secret)).toBe(true)
    expect(verifyStandard(signed('standard', [other, secret]), body, secret)).toBe(true)
    expect(verifyStandard(signed('standard', [other]), body, secret)).toBe(false)
    expect(verifyStandard(signed('standard', [secret]), Buffer.from('{}'), secret)).toBe(false)
    expect(verifyStandard(signed('standard', [secret], timestamp - 400), body, secret)).toBe(false)
    expect(verifyStandard(signed('standard', [secret], timestamp + 400), body, secret)).toBe(false)
    expect(verifyStandard({}, body, secret)).toBe(false)
  })

  it.skipIf(missing('openssl', 'version'))('computes hex in a shell', () => {
    const file = join(scratch, 'body.json')
    writeFileSync(file, body)
    const command = code('`hex`').replace('body.json', file)
    expect(command).toContain(file)
    expect(run('sh', ['-c', command], { WEBHOOK_SECRET: secret })).toBe(signature('hex', [secret]))
  })

  it.skipIf(missing('python3', '--version'))('verifies timestamped in Python', () => {
    const call =
      'import json, sys\nfor header in sys.argv[3:]: print(verify_timestamped(header, sys.argv[2].encode(), sys.argv[1]))'
    const headers = [
      signature('timestamped', [secret]),
      signature('timestamped', [other, secret]),
      signature('timestamped', [other]),
      signature('timestamped', [secret], timestamp - 400),
      signature('timestamped', [secret], timestamp + 400),
      signature('hex', [secret]),
    ]
    const printed = run('python3', [
      '-c',
      `${code('`timestamped`')}\n${call}`,
      secret,
      body.toString(),
      ...headers,
    ])
    expect(printed.split('\n')).toEqual(['True', 'True', 'False', 'False', 'False', 'False'])
  })
})

describe('the snippet', () => {
  const cases: [SignatureScheme, SignatureHeaders | undefined][] = [
    ...signatureSchemes.map((scheme): [SignatureScheme, undefined] => [scheme, undefined]),
    ['sha256', { signature: 'X-InfraAudit-Signature' }],
    ['standard', { id: 'svix-id', timestamp: "it's-a-header" }],
  ]

  it.each(cases)(
    'of %s with the headers %j accepts what is signed, and nothing else',
    async (scheme, names) => {
      const { snippet, headers, ...rest } = verifySnippet(scheme, names)
      expect(rest).toEqual({ scheme })
      expect(headers).toEqual(Object.keys(signed(scheme, [secret], timestamp, names)))

      const script = snippet.replace(/^import .*$/gm, '')
      const route = new Function('express', 'verify', 'process', `${script}\nreturn app`)
      const app = route(express, verify, { env: { WEBHOOK_SECRET: secret } })
      const server = app.listen(0, '127.0.0.1')
      try {
        await new Promise((resolve) => server.once('listening', resolve))
        const status = async (by: string) => {
          const { port } = server.address()
          const url = `http://127.0.0.1:${port}/hook`
          const own = signed(scheme, [by], timestamp, names)
          const sent = { ...own, 'content-type': 'application/json' }
          return (await fetch(url, { method: 'POST', body, headers: sent })).status
        }
        expect(await status(secret)).toBe(204)
        expect(await status(other)).toBe(401)
      } finally {
        server.close()
        server.closeAllConnections()
      }
    },
  )
})
