/** What Slack is sent, within its documented limits, and what its answers mean. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SlackMessage } from '../../../../src/diff/index.js'
import type { ChannelMessage } from '../../../../src/services/channels/channel.js'
import { slack } from '../../../../src/services/channels/slack.js'
import { fixedReport, longReport, noDrift } from '../../diff/fixtures/reports.js'
import {
  answerOf,
  driftMessage,
  failureMessage,
  hostileMessage,
  hugeMessages,
  messageOf,
} from './fixtures.js'

async function bytesOf(message: ChannelMessage): Promise<Uint8Array> {
  const rendered = await slack.render?.(message)
  expect(rendered?.contentType).toBe('application/json')
  return rendered?.body ?? new Uint8Array()
}
const rendered = async (message: ChannelMessage): Promise<SlackMessage> =>
  JSON.parse(Buffer.from(await bytesOf(message)).toString())

const textsOf = ({ blocks }: SlackMessage) =>
  blocks.flatMap((block) => ('text' in block ? [block.text] : block.elements))
const linesOf = async (message: ChannelMessage) => textsOf(await rendered(message)).map(({ text }) => text)

describe('a Slack message', () => {
  it('tells of drift as its report does', async () => {
    expect(await linesOf(driftMessage('drift.detected', fixedReport))).toEqual([
      'Schema drift',
      '*Drift: 1 added, 1 removed, 1 changed, 1 renamed (major; breaking).*\nContract `orders`\nFile `orders.json`',
      '*breaking* `buyer` → `customer`\nrenamed',
      '*breaking* `qty`\ntype: `integer` → `string`',
      '*warning* `note`\nadded: `string`',
      '*info* `zip`\nremoved, was `string`',
      '<https://x.test/e/7?a=1&amp;b=2|Details>',
    ])
    expect((await rendered(driftMessage('drift.detected', fixedReport))).text).toBe(
      'Schema drift · Drift: 1 added, 1 removed, 1 changed, 1 renamed (major; breaking).',
    )
  })

  it('counts the changes that neither it nor the message carries', async () => {
    const lines = await linesOf(driftMessage('drift.detected', longReport))
    expect(lines.filter((line) => line.includes('added: '))).toHaveLength(5)
    expect(lines).toContain('… and 995 more')
  })

  it('says how bad the changes are that the message carries and it does not', async () => {
    const report = { ...longReport, changes: longReport.changes.slice(93, 103) }
    expect(await linesOf(driftMessage('check.repeated', report))).toContain('… and 5 more: 5 info')
  })

  it.each([
    ['check.repeated', fixedReport, 'Schema drift, seen before'],
    ['check.passed', noDrift, 'Schema check passed'],
  ])('names %s', async (type, report, title) => {
    expect((await linesOf(driftMessage(type, report)))[0]).toBe(title)
  })

  it('tells of a file that could not be compared', async () => {
    const error = { code: 'FILE_MALFORMED', detail: 'Line 2 is not JSON.', place: { line: 2 }, limit: null }
    expect(await linesOf(failureMessage(error))).toEqual([
      'Schema check failed',
      '*The file could not be compared.*\nContract `orders`\nFile `orders.json`\nError `FILE_MALFORMED`\nDetail `Line 2 is not JSON.`',
      '<https://x.test/e/7?a=1&amp;b=2|Details>',
    ])
  })

  it('is a test message for a ping', async () => {
    expect(await linesOf(messageOf('ping'))).toEqual([
      'Test message',
      '*drifthook reaches this channel.*\nWebhook `Operations`',
    ])
  })

  it('shows the plain fields of any other event, and counts the rest', async () => {
    const data = { id: 7, email: '<a&b@x.test>', vip: false, tags: ['a'], note: null }
    expect(await linesOf(messageOf('contact.created', data))).toEqual([
      'contact.created',
      '*At 2026-11-20T10:00:00.000Z*\nid `7`\nemail `&lt;a&amp;b@x.test&gt;`\nvip `false`',
      '… and 2 more fields',
    ])
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`f${n}`, n]))
    expect((await linesOf(messageOf('job.failed', many))).at(-1)).toBe('… and 1 more field')
  })

  it.each([[null], ['text'], [[1, 2]], [{}]])('is complete for the data %j', async (data) => {
    expect(await linesOf(messageOf('subscription.failing', data))).toEqual([
      'subscription.failing',
      '*At 2026-11-20T10:00:00.000Z*',
    ])
  })

  it('tells drift whose data has another shape as any other event', async () => {
    expect((await linesOf(messageOf('drift.detected', { has_drift: 'yes' })))[1]).toContain('has_drift `yes`')
    expect((await linesOf(messageOf('check.failed', { error: 'x' })))[1]).toContain('error `x`')
  })

  it('stays within the limits of Slack, with neither mention nor link of others', async () => {
    const check = async (message: ChannelMessage) => {
      expect((await bytesOf(message)).byteLength).toBeLessThan(64 * 1024)
      const made = await rendered(message)
      expect(made.blocks.length).toBeLessThanOrEqual(50)
      for (const { type, text } of [...textsOf(made), { type: 'fallback', text: made.text }]) {
        expect(text.trim()).not.toBe('')
        expect(text.length).toBeLessThanOrEqual(type === 'plain_text' ? 150 : 3_000)
        const rest = text.replace(/^<https?:[^\s<>|]+\|Details>$/, '').replace(/&(amp|lt|gt);/g, '')
        expect(rest).not.toMatch(/[<>&]/)
        expect(rest.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      }
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

describe("Slack's answer", () => {
  const judge = (...answer: Parameters<typeof answerOf>) => slack.judge?.(answerOf(...answer))

  it('is a success for 200 ok alone', () => {
    expect(judge(200, 'ok')).toEqual({ status: 'delivered' })
    expect(judge(200, 'ok\n')).toEqual({ status: 'delivered' })
    expect(judge(200, '<html>')).toEqual({ status: 'failed', message: 'Slack answered 200.' })
    expect(judge(204)).toEqual({ status: 'failed', message: 'Slack answered 204.' })
    expect(judge(500, 'ok')).toMatchObject({ status: 'failed' })
  })

  it.each([
    [400, 'invalid_payload'],
    [400, 'invalid_blocks'],
    [400, 'user_not_found'],
    [403, 'action_prohibited'],
    [403, 'invalid_token'],
    [404, 'channel_not_found'],
    [404, 'no_service'],
    [404, 'no_team'],
    [404, 'no_active_hooks'],
    [410, 'channel_is_archived'],
  ])('%i %s is final', (status, word) => {
    const message = `Slack answered ${status}: ${word}.`
    expect(judge(status, word)).toEqual({ status: 'failed', permanent: true, message })
  })

  it.each(['<b>no</b>', 'no service', 'x'.repeat(61), 'invalid_payload <!channel>', ''])(
    'is repeated only where it is a word: %j',
    (text) => expect(judge(400, text)).toMatchObject({ message: 'Slack answered 400.', permanent: true }),
  )

  it.each([301, 408, 429, 500, 502, 503])('%i is tried again', (status) => {
    expect(judge(status)).toEqual({ status: 'failed', message: `Slack answered ${status}.` })
  })

  it('says when to try again', () => {
    expect(judge(429, 'rate_limited', { 'retry-after': '30' })).toEqual({
      status: 'failed',
      retryAfterSeconds: 30,
      message: 'Slack answered 429: rate_limited.',
    })
    for (const value of ['', '-1', '1e3', 'soon', '99999999999']) {
      expect(judge(429, '', { 'retry-after': value })).not.toHaveProperty('retryAfterSeconds')
    }
  })

  it('leaves nothing unjudged', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), fc.uint8Array({ maxLength: 2_048 }), (status, body) => {
        expect(slack.judge?.({ status, body, headers: {} })).toMatchObject({ status: 'failed' })
      }),
    )
  })
})

describe('a target for Slack', () => {
  it.each(['https://hooks.slack.com/services/T0/B0/x', 'https://chat.acme.example/hooks/x', 'not a URL'])(
    'may be %s',
    (target) => expect(slack.refusal?.(target)).toBeNull(),
  )

  it.each(['https://hooks.slack.com/workflows/T0/A0/1/x', 'https://hooks.slack.com/triggers/T0/1/x'])(
    'is no workflow: %s',
    (target) => expect(slack.refusal?.(target)).toMatch(/incoming webhook/),
  )
})
