/** A report as plain text for people: short, no values, nothing a terminal would act on. */
import type { Change, DriftReport } from '../report.js'
import {
  headline,
  pathText,
  placeText,
  plain,
  type RenderOptions,
  restText,
  selectChanges,
} from './shared.js'

const signs = { added: '+', removed: '-', changed: '~', renamed: '>' } as const

/** One line for the verdict, one for each change, one for each observation. */
export function renderText(report: DriftReport, { limit = 50 }: RenderOptions = {}): string {
  const { shown, rest } = selectChanges(report, limit)
  const lines = [headline(report), ...shown.map((change) => `  ${changeLine(change)}`)]
  if (rest.length > 0) lines.push(`  … ${restText(rest)}`)
  for (const { path, message, witness } of report.observations.slice(0, limit)) {
    lines.push(`  · ${plain(path)}: ${plain(message)}${inBrackets(placeText(witness))}`)
  }
  const unseen = report.observations.length - limit
  if (unseen > 0) lines.push(`  · … and ${unseen} more`)
  return lines.join('\n')
}

function changeLine(change: Change): string {
  const { kind, aspect, from, to, impact, witness } = change
  const label = (text: string | null) => plain(text ?? 'nothing')
  const what =
    kind === 'added'
      ? `new, ${label(to)}`
      : kind === 'removed'
        ? `gone, was ${label(from)}`
        : kind === 'renamed' && !aspect
          ? 'renamed'
          : `${aspect}: ${label(from)} -> ${label(to)}`
  const name = pathText(change, plain, '->')
  return `${signs[kind]} ${name}: ${what} [${impact}]${inBrackets(placeText(witness))}`
}

const inBrackets = (text: string | null) => (text === null ? '' : ` (${text})`)
