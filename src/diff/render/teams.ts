/**
 * A report as a Microsoft Teams message: an Adaptive Card 1.4 in the envelope that Teams workflows accept
 * ("Post to a channel when a webhook request is received").
 *
 * Names from the file stand in TextRuns only: a TextRun reads no Markdown (Adaptive Cards schema 1.4,
 * `RichTextBlock`), a TextBlock does.
 */
import type { Change, DriftReport } from '../report.js'
import { type Card, reportCard } from './card.js'
import { changeText, fitted, pathText, type RenderOptions, safeUrl, withPlace } from './shared.js'

interface TextRun {
  type: 'TextRun'
  text: string
  weight?: 'Bolder'
  size?: 'Large'
  color?: 'Attention' | 'Warning' | 'Default'
  fontType?: 'Monospace'
}
type RichTextBlock = { type: 'RichTextBlock'; inlines: TextRun[]; separator?: true }

export interface TeamsMessage {
  type: 'message'
  attachments: [
    {
      contentType: 'application/vnd.microsoft.card.adaptive'
      contentUrl: null
      content: {
        $schema: 'http://adaptivecards.io/schemas/adaptive-card.json'
        type: 'AdaptiveCard'
        version: '1.4'
        body: RichTextBlock[]
        actions?: { type: 'Action.OpenUrl'; title: string; url: string }[]
      }
    },
  ]
}

/** A message may have 28 KB; so many changes fit with every name at its longest, in three bytes a character. */
const mostChanges = 10
const nameLength = 150
const labelLength = 80

/** The worst changes first, 5 unless `limit` says otherwise; the rest is counted. */
export function renderTeams(report: DriftReport, options: RenderOptions = {}): TeamsMessage {
  return teamsMessage(reportCard(report, options, mostChanges))
}

/** A card of at most 10 changes as a message. */
export function teamsMessage(card: Card): TeamsMessage {
  const url = safeUrl(card.url)
  const body = [
    paragraph({ ...run(named(card.title, nameLength)), weight: 'Bolder', size: 'Large' }),
    ...card.facts.map(factBlock),
    paragraph(run(named(card.headline, nameLength))),
    ...card.changes.map(changeBlock),
    ...card.notes.map((note) => paragraph(run(note))),
  ]
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body,
          ...(url === null ? {} : { actions: [{ type: 'Action.OpenUrl' as const, title: 'Details', url }] }),
        },
      },
    ],
  }
}

const colors = { breaking: 'Attention', warning: 'Warning', info: 'Default' } as const

function changeBlock(change: Change): RichTextBlock {
  const what = changeText(change, (text) => named(text, labelLength))
  return {
    type: 'RichTextBlock',
    separator: true,
    inlines: [
      { ...run(`${change.impact} `), weight: 'Bolder', color: colors[change.impact] },
      { ...run(pathText(change, (path) => named(path, nameLength))), fontType: 'Monospace' },
      run(withPlace(` ${what}`, change.witness)),
    ],
  }
}

function factBlock([name, value]: Card['facts'][number]): RichTextBlock {
  return paragraph(run(`${fitted(name, 60)} `), {
    ...run(named(value, nameLength)),
    fontType: 'Monospace',
  })
}

/** A run without text is refused. */
const named = (text: string, limit: number) => (text === '' ? '""' : fitted(text, limit))

const paragraph = (...inlines: TextRun[]): RichTextBlock => ({ type: 'RichTextBlock', inlines })

/** `{{DATE(…)}}` and its like are the one thing clients may still read in a run. */
const run = (text: string): TextRun => ({ type: 'TextRun', text: text.replace(/\{(?=\{)/g, '{\u200b') })
