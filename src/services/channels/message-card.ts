/** A message as a card for chats. The messages of a comparison look like its report; any other is told in short. */
import { z } from 'zod'
import { type Card, mostFacts, reportCard, subjectFacts } from '../../diff/render/card.js'
import type { RenderOptions } from '../../diff/render/shared.js'
import { aspects, type Change, changeKinds, impacts } from '../../diff/report.js'
import type { ChannelMessage } from './channel.js'

/** A chat shows so many changes; the event's page shows all. */
const mostChanges = 5

const count = z.number().int().nonnegative()
const eventFields = {
  event_url: z.string().nullable(),
  contract_name: z.string().nullable(),
  file_name: z.string().nullable(),
}
const changeFields = z.object({
  kind: z.enum(changeKinds),
  path: z.string(),
  to_path: z.string().optional(),
  aspect: z.enum(aspects).optional(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  impact: z.enum(impacts),
})
const comparison = z.object({
  ...eventFields,
  has_drift: z.boolean(),
  severity: z.enum(['trivial', 'minor', 'major']).nullable(),
  result: z.enum(['pass', 'warning', 'breaking']),
  score: z.number().nullable(),
  drift_summary: z.object({ additions: count, removals: count, changes: count, renames: count }),
  changes: z.array(changeFields),
  changes_total: count,
})
const failure = z.object({ ...eventFields, error: z.object({ code: z.string(), detail: z.string() }) })

const titles = new Map([
  ['drift.detected', 'Schema drift'],
  ['check.repeated', 'Schema drift, seen before'],
  ['check.passed', 'Schema check passed'],
])

/** Never throws: `data` that is not as this version writes it is told as that of any other message. */
export function messageCard(message: ChannelMessage): Card {
  if (message.type === 'ping') return pingCard(message)
  if (message.type === 'check.failed') {
    const { data } = failure.safeParse(message.data)
    if (data) return failureCard(data)
  }
  const title = titles.get(message.type)
  const { data } = comparison.safeParse(message.data)
  return title !== undefined && data ? comparisonCard(title, data) : plainCard(message)
}

/** What a card has only of a report. */
const noReport = { changes: [], notes: [], url: undefined }

const pingCard = ({ webhookName }: ChannelMessage): Card => ({
  ...noReport,
  title: 'Test message',
  headline: 'drifthook reaches this channel.',
  facts: [['Webhook', webhookName]],
})

function comparisonCard(title: string, data: z.output<typeof comparison>): Card {
  const report = {
    format: '',
    hasDrift: data.has_drift,
    summary: data.drift_summary,
    severity: data.severity,
    result: data.result,
    score: data.score,
    changes: data.changes.map(changeOf),
    observations: [],
    fingerprint: null,
  }
  const card = reportCard(report, { title, ...subjectOf(data) }, mostChanges)
  if (data.changes_total <= data.changes.length) return card
  // The message carries the first changes only: how bad the others are cannot be told from it.
  return { ...card, notes: [`… and ${data.changes_total - card.changes.length} more`] }
}

function changeOf({ to_path, aspect, ...change }: z.output<typeof changeFields>): Change {
  return {
    ...change,
    evidence: {},
    ...(to_path === undefined ? {} : { toPath: to_path }),
    ...(aspect === undefined ? {} : { aspect }),
  }
}

function failureCard({ error, ...data }: z.output<typeof failure>): Card {
  const subject = subjectOf(data)
  return {
    ...noReport,
    title: 'Schema check failed',
    headline: 'The file could not be compared.',
    facts: [...subjectFacts(subject), ['Error', error.code], ['Detail', error.detail]],
    url: subject.url,
  }
}

/** The contract, the file and the event's page, where there are any. */
function subjectOf(data: Record<keyof typeof eventFields, string | null>): RenderOptions {
  return {
    ...(data.contract_name === null ? {} : { contractName: data.contract_name }),
    ...(data.file_name === null ? {} : { fileName: data.file_name }),
    ...(data.event_url === null ? {} : { url: data.event_url }),
  }
}

/** The first plain values of `data`; what is nested, null or too much is counted. */
function plainCard({ type, createdAt, data }: ChannelMessage): Card {
  const fields = typeof data === 'object' && data !== null && !Array.isArray(data) ? Object.entries(data) : []
  const facts = fields
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .slice(0, mostFacts)
    .map(([name, value]) => [name, String(value)] as const)
  const left = fields.length - facts.length
  return {
    ...noReport,
    title: type,
    headline: `At ${createdAt}`,
    facts,
    notes: left > 0 ? [`… and ${left} more ${left === 1 ? 'field' : 'fields'}`] : [],
  }
}
