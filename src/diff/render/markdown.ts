/**
 * A report as GitHub Flavored Markdown, for merge requests and job summaries.
 *
 * What comes from the file stands in code spans only: there neither markup nor links, mentions or issue
 * numbers are recognised (CommonMark 0.31 §6.1, GFM §4.10).
 */
import type { DriftReport } from '../report.js'
import {
  changeText,
  type Excerpt,
  excerptOf,
  headline,
  pathText,
  placeText,
  plain,
  type RenderOptions,
  restText,
  safeUrl,
  titleOf,
  withPlace,
} from './shared.js'

export function renderMarkdown(report: DriftReport, options: RenderOptions = {}): string {
  const { fileName, contractName } = options
  const excerpt = excerptOf(report, options.limit)
  const { changes, rest } = excerpt
  const url = safeUrl(options.url)
  const subject = [
    ...(contractName === undefined ? [] : [`Contract ${code(contractName)}`]),
    ...(fileName === undefined ? [] : [`File ${code(fileName)}`]),
  ]
  const blocks = [
    `## ${words(titleOf(options))}`,
    ...(subject.length > 0 ? [subject.join(' · ')] : []),
    headline(report),
    ...(changes.length > 0 ? [table(changes.map(rowOf))] : []),
    ...(rest.length > 0 ? [`… ${restText(rest)}`] : []),
    ...observationBlocks(excerpt),
    ...(url === null ? [] : [`[Details](<${url}>)`]),
  ]
  return `${blocks.join('\n\n')}\n`
}

type Row = readonly [string, string, string, string]

function rowOf(change: DriftReport['changes'][number]): Row {
  const where = placeText(change.witness) ?? ''
  return [change.impact, pathText(change, cell), changeText(change, cell), where]
}

function table(rows: readonly Row[]): string {
  const head: Row = ['Impact', 'Path', 'Change', 'Where']
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

function observationBlocks({ observations, unseen }: Excerpt): string[] {
  if (observations.length + unseen === 0) return []
  const lines = observations.map(({ path, message, witness }) =>
    withPlace(`- ${code(path)}: ${code(message)}`, witness),
  )
  if (unseen > 0) lines.push(`- … and ${unseen} more`)
  return ['### Observations', lines.join('\n')]
}

/** A code span around any text: its fence is longer than every run of backticks inside. */
function code(text: string): string {
  const content = plain(text)
  if (content.trim() === '') return '`""`'
  const runs = content.match(/`+/g) ?? []
  const fence = '`'.repeat(Math.max(0, ...runs.map((run) => run.length)) + 1)
  const padding = /^[` ]|[` ]$/.test(content) ? ' ' : ''
  return `${fence}${padding}${content}${padding}${fence}`
}

/**
 * A code span in a table, where a bar ends the cell even inside of code unless there is a backslash before it.
 * Renderers disagree about a backslash before that one; with an odd number of them none ends the cell.
 */
function cell(text: string): string {
  return code(text).replace(/(\\*)\|/g, '$1$1\\|')
}

/** Text outside of code. The comment keeps renderers from finding mentions, issue numbers and addresses. */
function words(text: string): string {
  return plain(text)
    .replace(/[!-/:-@[-`{-~]/g, '\\$&')
    .replace(/\\[@#]/g, '$&<!-- -->')
}
