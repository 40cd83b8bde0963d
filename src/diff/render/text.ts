/** A report as plain text for people: short, no values, nothing a terminal would act on. */
import type { Change, DriftReport } from '../report.js'
import { excerptOf, headline, pathText, plain, type RenderOptions, restText, withPlace } from './shared.js'

const signs = { added: '+', removed: '-', changed: '~', renamed: '>' } as const

/** One line for the verdict, one for each change, one for each observation. */
export function renderText(report: DriftReport, { limit }: RenderOptions = {}): string {
  const { changes, rest, observations, unseen } = excerptOf(report, limit)
  const lines = [headline(report), ...changes.map((change) => `  ${changeLine(change)}`)]
  if (rest.length > 0) lines.push(`  … ${restText(rest)}`)
  for (const { path, message, witness } of observations) {
    lines.push(`  · ${withPlace(`${plain(path)}: ${plain(message)}`, witness)}`)
  }
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
  return withPlace(`${signs[kind]} ${name}: ${what} [${impact}]`, witness)
}
