/** What Teams is sent, within 28 KB, and what its answers mean. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TeamsMessage } from '../../../../src/diff/index.js'
import type { ChannelMessage } from '../../../../src/services/channels/channel.js'
import { teams } from '../../../../src/services/channels/teams.js'
import { fixedReport, longReport } from '../../diff/fixtures/reports.js'
import {
  answerOf,
  driftMessage,
  failureMessage,
  hostileMessage,
  hugeMessages,
  messageOf,
} from './fixtures.js'

async function bytesOf(message: ChannelMessage): Promise<Uint8Array> {
  const rendered = await teams.render?.(message)
  expect(rendered?.contentType).toBe('application/json')
  return rendered?.body ?? new Uint8Array()
}

async function cardOf(message: ChannelMessage) {
  const made = JSON.parse(Buffer.from(await bytesOf(message)).toString()) as TeamsMessage
  expect(made.type).toBe('message')
  expect(made.attachments).toHaveLength(1)
  expect(made.attachments[0].contentType).toBe('application/vnd.microsoft.card.adaptive')
  return made.attachments[0].content
}
const linesOf = async (message: ChannelMessage) =>
  (await cardOf(message)).body.map(({ inlines }) => inlines.map(({ text }) => text).join(''))

describe('a Teams card', () => {
  it('tells of drift as its report does', async () => {
    expect(await linesOf(driftMessage('drift.detected', fixedReport))).toEqual([
      'Schema drift',
      'Contract orders',
      'File orders.json',
      'Drift: 1 added, 1 removed, 1 changed, 1 renamed (major; breaking).',
      'breaking buyer → customer renamed',
      'breaking qty type: integer → string',
      'warning note added: string',
      'info zip removed, was string',
    ])
    expect((await cardOf(driftMessage('drift.detected', fixedReport))).actions).toEqual([
      { type: 'Action.OpenUrl', title: 'Details', url: 'https://x.test/e/7?a=1&b=2' },
    ])
    expect(await linesOf(driftMessage('drift.detected', longReport))).toContain('… and 995 more')
  })

  it('has no button without an address', async () => {
    const names = { contractName: null, fileName: null, url: null }
    expect(await cardOf(driftMessage('drift.detected', fixedReport, names))).not.toHaveProperty('actions')
    const relative = { ...names, url: '/drift/api/v1/events/7' }
    expect(await cardOf(driftMessage('drift.detected', fixedReport, relative))).not.toHaveProperty('actions')
  })

  it('tells of a failed check, a ping and any other event', async () => {
    expect(await linesOf(failureMessage({ code: 'FILE_EMPTY', detail: 'The file is empty.' }))).toEqual([
      'Schema check failed',
      'Contract orders',
      'File orders.json',
      'Error FILE_EMPTY',
      'Detail The file is empty.',
      'The file could not be compared.',
    ])
    expect(await linesOf(messageOf('ping'))).toEqual([
      'Test message',
      'Webhook Operations',
      'drifthook reaches this channel.',
    ])
    expect(await linesOf(messageOf('contact.created', { id: 7, name: '', tags: [] }))).toEqual([
      'contact.created',
      'id 7',
      'name ""',
      'At 2026-11-20T10:00:00.000Z',
      '… and 1 more field',
    ])
  })

  it('stays within 28 KB, in runs that read no Markdown and compute nothing', async () => {
    const check = async (message: ChannelMessage) => {
      expect((await bytesOf(message)).byteLength).toBeLessThan(28_000)
      const { body, actions } = await cardOf(message)
      for (const { type, inlines } of body) {
        expect(type).toBe('RichTextBlock')
        for (const { type: kind, text } of inlines) {
          expect(kind).toBe('TextRun')
          expect(text).not.toBe('')
          expect(text).not.toContain('{{')
          expect(text.replaceAll('{\u200b', '{')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
        }
      }
      for (const { url } of actions ?? []) expect(url).toMatch(/^https?:\/\/[^\s<>"'`]+$/)
    }
    for (const message of hugeMessages) await check(message)
    await fc.assert(fc.asyncProperty(hostileMessage, check), { numRuns: 300 })
  })

  it('has the same bytes each time', async () => {
    await fc.assert(
      fc.asyncProperty(hostileMessage, async (message) => {
        const again = JSON.parse(JSON.stringify(message)) as ChannelMessage
        expect(Buffer.compare(await bytesOf(message), await bytesOf(again))).toBe(0)
      }),
    )
  })
})

describe("Teams' answer", () => {
  const judge = (...answer: Parameters<typeof answerOf>) => teams.judge?.(answerOf(...answer))
  const inner = (status: number) =>
    `Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error ${status} with ContextId x`

  it.each([
    [200, '1'],
    [202, ''],
    [200, ''],
    [200, 'Accepted after HTTP error 429'],
  ])('%i %j is a success', (status, text) => expect(judge(status, text)).toEqual({ status: 'delivered' }))

  it('is a failure where a connector hides one in a 200', () => {
    expect(judge(200, inner(429))).toEqual({
      status: 'failed',
      message: 'Teams answered 429 to its connector.',
    })
    expect(judge(200, inner(413))).toEqual({
      status: 'failed',
      permanent: true,
      message: 'Teams answered 413 to its connector.',
    })
    expect(judge(200, 'Webhook message delivery failed with error: Error contacting it')).toEqual({
      status: 'failed',
      message: 'Teams could not be reached by its connector.',
    })
  })

  it.each([400, 401, 403, 404, 410, 413])('%i is final', (status) => {
    const message = `Teams answered ${status}.`
    expect(judge(status, '<!channel>')).toEqual({ status: 'failed', permanent: true, message })
  })

  it.each([302, 408, 429, 500, 502, 504])('%i is tried again', (status) => {
    const message = `Teams answered ${status}.`
    expect(judge(status)).toEqual({ status: 'failed', message })
    expect(judge(status, '', { 'retry-after': '7' })).toEqual({
      status: 'failed',
      retryAfterSeconds: 7,
      message,
    })
  })
})
