/**
 * A report as a Slack message in Block Kit, for incoming webhooks and `chat.postMessage`.
 *
 * Slack's own limits (its reference for blocks and text objects): 50 blocks in a message, 3,000 characters in
 * the text of a section, 150 in a header. `&`, `<` and `>` are written as entities; `verbatim` keeps Slack
 * from linking names and addresses it finds in plain text.
 */
import type { Change, DriftReport } from '../report.js'
import { type Card, reportCard } from './card.js'
import { changeText, fitted, pathText, type RenderOptions, safeUrl, withPlace } from './shared.js'

type PlainText = { type: 'plain_text'; text: string; emoji: false }
type Mrkdwn = { type: 'mrkdwn'; text: string; verbatim: true }
export type SlackBlock =
  | { type: 'header'; text: PlainText }
  | { type: 'section'; text: Mrkdwn }
  | { type: 'context'; elements: Mrkdwn[] }

export interface SlackMessage {
  /** What notifications and screen readers get. */
  text: string
  blocks: SlackBlock[]
}

/** Room for the header, the verdict, the rest and the link beside the changes. */
const mostChanges = 40

/** The worst changes first, 5 unless `limit` says otherwise; the rest is counted. */
export function renderSlack(report: DriftReport, options: RenderOptions = {}): SlackMessage {
  return slackMessage(reportCard(report, options, mostChanges))
}

/** A card of at most 40 changes as a message. */
export function slackMessage(card: Card): SlackMessage {
  const title = fitted(card.title, 150, entity)
  const verdict = fitted(card.headline, 300, entity)
  const url = safeUrl(card.url)
  return {
    text: `${title} · ${verdict}`,
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: title, emoji: false } },
      section([`*${verdict}*`, ...card.facts.map(factLine)].join('\n')),
      ...card.changes.map((change) => section(changeLine(change))),
      ...(card.notes.length > 0 ? [context(card.notes.join(' · '))] : []),
      ...(url === null ? [] : [section(`<${url.replaceAll('&', '&amp;')}|Details>`)]),
    ],
  }
}

/** Eight of them and the verdict stay below 3,000 characters. */
function factLine([name, value]: Card['facts'][number]): string {
  return `${fitted(name, 60, entity)} ${quote(value, 250)}`
}

function changeLine(change: Change): string {
  const what = withPlace(changeText(change, label), change.witness)
  return `*${change.impact}* ${pathText(change, code)}\n${what}`
}

const section = (text: string): SlackBlock => ({ type: 'section', text: mrkdwn(text) })
const context = (text: string): SlackBlock => ({ type: 'context', elements: [mrkdwn(text)] })
const mrkdwn = (text: string): Mrkdwn => ({ type: 'mrkdwn', text, verbatim: true })

/** Two paths and two labels, quoted and with words between them, stay below 3,000 characters. */
const code = (text: string) => quote(text, 800)
const label = (text: string) => quote(text, 500)

/** Inline code. Slack has no escape for a backtick in it, so one becomes an apostrophe. */
function quote(text: string, limit: number): string {
  return text.trim() === '' ? '`""`' : `\`${fitted(text, limit, entity)}\``
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '`': "'" }
const entity = (char: string) => escapes[char] ?? char
