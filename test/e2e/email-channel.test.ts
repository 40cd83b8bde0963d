/** The example of a host's own channel, on the built package: a drifted file becomes one mail. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { emailChannel } from '../../examples/email-channel/email.js'

const root = join(import.meta.dirname, '../..')

describe('the e-mail channel', () => {
  it('mails what drifted', async () => {
    const child = spawn(process.execPath, [join(root, 'examples/email-channel/main.js')])
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    const [code] = await once(child, 'close')
    expect([code, output]).toEqual([0, expect.any(String)])
    expect(output).toContain('To: ops@acme.example\nSubject: drift.detected: Kestrel orders\n')
    expect(output).toMatch(/^breaking: changed quantity \(integer -> string\)$/m)
    expect(output.match(/^Message-ID: <del_[0-9a-f-]+@acme\.example>$/gm)).toHaveLength(1)
  })

  const message = {
    type: 'drift.detected',
    createdAt: '2026-11-20T10:00:00.000Z',
    messageId: 'msg_1',
    deliveryId: 'del_1',
    webhookId: 'wh_1',
    webhookName: 'Operations',
    data: { contract_name: 'orders\r\nBcc: everybody@acme.example', file_name: 'a\n.json' },
  }
  const context = {
    target: 'mailto:ops@acme.example',
    secrets: [],
    signal: AbortSignal.timeout(10_000),
  }

  it('lets no name begin a line or a header', async () => {
    const sent: { subject: string; text: string }[] = []
    const channel = emailChannel({ sendMail: async (mail) => sent.push(mail) })
    expect(await channel.send?.(message, context)).toBeUndefined()
    expect(sent[0]?.subject).toBe('drift.detected: orders\ufffd\ufffdBcc: everybody@acme.example')
    expect(sent[0]?.text).toBe('At 2026-11-20T10:00:00.000Z\nFile a\ufffd.json\n')
  })

  it.each(['mailto:ops@acme.example', 'mailto:o.p+s@acme.example'])('mails %s', (target) =>
    expect(emailChannel({ sendMail: async () => {} }).refusal?.(target)).toBeNull(),
  )
  it.each([
    'ops@acme.example',
    'mailto:ops@acme.example.test',
    'mailto:a@acme.example,b@c.test',
    'mailto:ops@acme.example?cc=a@b.test',
  ])('mails nobody at %s', (target) =>
    expect(emailChannel({ sendMail: async () => {} }).refusal?.(target)).toMatch(/acme\.example/),
  )

  it('tells a final refusal from a failure that may pass', async () => {
    const failing = (responseCode: number) =>
      emailChannel({ sendMail: () => Promise.reject(Object.assign(new Error('refused'), { responseCode })) })
    expect(await failing(550).send?.(message, context)).toMatchObject({ status: 'failed', permanent: true })
    await expect(failing(421).send?.(message, context)).rejects.toThrow('refused')
  })
})
