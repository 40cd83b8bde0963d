/**
 * A report as a Microsoft Teams message: an Adaptive Card 1.4 in the envelope that Teams workflows accept
 * ("Post to a channel when a webhook request is received").
 *
 * Names from the file stand in TextRuns only: a TextRun reads no Markdown (Adaptive Cards schema 1.4,
 * `RichTextBlock`), a TextBlock does.
 */
import type { Change, DriftReport } from '../report.js'
import {
  changeText,
  excerptOf,
  fitted,
  headline,
  pathText,
  type RenderOptions,
  restText,
  safeUrl,
  titleOf,
  withPlace,
  worstFirst,
} from './shared.js'

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
  const { fileName, contractName } = options
  const { changes, rest } = excerptOf(report, Math.min(options.limit ?? 5, mostChanges))
  const url = safeUrl(options.url)
  const body = [
    paragraph({ ...run(fitted(titleOf(options), nameLength)), weight: 'Bolder', size: 'Large' }),
    ...fact('Contract', contractName),
    ...fact('File', fileName),
    paragraph(run(headline(report))),
    ...worstFirst(changes).map(changeBlock),
    ...(rest.length > 0 ? [paragraph(run(`… ${restText(rest)}`))] : []),
    ...(report.observations.length > 0
      ? [paragraph(run(`Observations: ${report.observations.length}`))]
      : []),
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

function fact(name: string, value: string | undefined): RichTextBlock[] {
  if (value === undefined) return []
  return [paragraph(run(`${name} `), { ...run(named(value, nameLength)), fontType: 'Monospace' })]
}

/** A run without text is refused. */
const named = (text: string, limit: number) => (text === '' ? '""' : fitted(text, limit))

const paragraph = (...inlines: TextRun[]): RichTextBlock => ({ type: 'RichTextBlock', inlines })

/** `{{DATE(…)}}` and its like are the one thing clients may still read in a run. */
const run = (text: string): TextRun => ({ type: 'TextRun', text: text.replace(/\{(?=\{)/g, '{\u200b') })
