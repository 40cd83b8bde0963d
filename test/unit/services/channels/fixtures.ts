/** Messages as the store keeps them: their `data` went through JSON once. */
import fc from 'fast-check'
import type { DriftReport } from '../../../../src/diff/report.js'
import type { Row } from '../../../../src/ports/tables.js'
import type { ChannelMessage } from '../../../../src/services/channels/channel.js'
import { comparisonData, failureData } from '../../../../src/services/uploads/message.js'
import { hostileReport, hostileText, reportOf } from '../../diff/fixtures/reports.js'

export const messageOf = (
  type: string,
  data: unknown = {},
  given: Partial<ChannelMessage> = {},
): ChannelMessage => ({
  type,
  createdAt: '2026-11-20T10:00:00.000Z',
  messageId: 'msg_1',
  deliveryId: 'del_1',
  webhookId: 'wh_1',
  webhookName: 'Operations',
  data: JSON.parse(JSON.stringify(data)),
  ...given,
})

interface Subject {
  contractName: string | null
  fileName: string | null
  url: string | null
}
const subject: Subject = {
  contractName: 'orders',
  fileName: 'orders.json',
  url: 'https://x.test/e/7?a=1&b=2',
}

export const driftMessage = (type: string, report: DriftReport, { url, ...names }: Subject = subject) =>
  messageOf(type, comparisonData(eventOf(names), report, url))

export const failureMessage = (error: Record<string, unknown>, { url, ...names }: Subject = subject) =>
  messageOf('check.failed', failureData(eventOf(names), error, url))

const eventOf = ({ contractName, fileName }: Omit<Subject, 'url'>): Row<'driftEvents'> => ({
  tenantId: 'acme',
  id: '0000000000000007',
  monitorId: 'mon_1',
  contractId: 'ct_1',
  contractVersion: 1,
  sourceName: contractName,
  fileName,
  fileSize: 100,
  fileSha256: 'ab'.repeat(32),
  format: 'json',
  status: 'pending',
  severity: null,
  result: 'pass',
  score: null,
  additions: 0,
  removals: 0,
  changes: 0,
  renames: 0,
  fingerprint: null,
  openKey: null,
  notes: null,
  resolvedVia: null,
  resolvedBy: null,
  createdAt: 0,
  resolvedAt: null,
})

const hostileSubject = fc.record<Subject>({
  contractName: fc.option(hostileText),
  fileName: fc.option(hostileText),
  url: fc.option(fc.oneof(hostileText, fc.webUrl({ withQueryParameters: true, withFragments: true }))),
})
const type = fc.constantFrom(
  'drift.detected',
  'check.repeated',
  'check.passed',
  'check.failed',
  'subscription.failing',
  'job.failed',
  'contact.created',
  'ping',
)
const anyData = fc.oneof(
  fc.jsonValue(),
  fc.dictionary(hostileText, fc.oneof(hostileText, fc.double(), fc.boolean(), fc.jsonValue()), {
    maxKeys: 30,
  }),
)

/** Messages of every type whose every text is whatever a partner or a publisher chose. */
export const hostileMessage: fc.Arbitrary<ChannelMessage> = fc
  .oneof(
    fc
      .tuple(fc.constantFrom('drift.detected', 'check.repeated'), hostileReport, hostileSubject)
      .map(([kind, report, names]) => driftMessage(kind, report, names)),
    fc
      .tuple(fc.record({ code: hostileText, detail: hostileText }), hostileSubject)
      .map(([error, names]) => failureMessage(error, names)),
    fc.tuple(type, anyData).map(([kind, data]) => messageOf(kind, data)),
  )
  .chain((message) => hostileText.map((webhookName) => ({ ...message, webhookName })))

/** Messages with as much as can be of what takes the most bytes, or the most escapes. */
export const hugeMessages: readonly ChannelMessage[] = ['漢', '&', '"', '\u202e'].flatMap((char) => {
  const name = char.repeat(700)
  const change = { kind: 'renamed', aspect: 'type', impact: 'breaking', evidence: {} } as const
  const changes = Array.from({ length: 60 }, () => ({
    ...change,
    path: name,
    toPath: name,
    from: name,
    to: name,
  }))
  const names = { contractName: name, fileName: name, url: `https://x.test/${'a'.repeat(1_900)}` }
  const fields = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`${name}${n}`, name]))
  return [
    driftMessage('drift.detected', reportOf(changes), names),
    failureMessage({ code: name, detail: name }, names),
    messageOf('contact.created', fields),
    messageOf('ping', {}, { webhookName: name }),
  ]
})

/** What a receiver answered. */
export const answerOf = (status: number, text = '', headers: Record<string, string> = {}) => ({
  status,
  body: Buffer.from(text),
  headers,
})
