/** A report as plain text for people: short, no values. */
import type { Place } from '../../errors.js'
import type { Change, DriftReport } from '../report.js'

const signs = { added: '+', removed: '-', changed: '~', renamed: '>' } as const

/**
 * One line for the verdict, one for each change, one for each observation.
 * @param limit changes shown before the rest is only counted
 */
export function renderText(report: DriftReport, { limit = 50 }: { limit?: number } = {}): string {
  const lines = [headline(report)]
  for (const change of report.changes.slice(0, limit)) lines.push(`  ${changeLine(change)}`)
  if (report.changes.length > limit) lines.push(`  … and ${report.changes.length - limit} more`)
  for (const { path, message, witness } of report.observations.slice(0, limit)) {
    lines.push(`  · ${path}: ${message}${placeText(witness)}`)
  }
  if (report.observations.length > limit) lines.push(`  · … and ${report.observations.length - limit} more`)
  return lines.join('\n')
}

function headline({ hasDrift, result, severity, score, summary }: DriftReport): string {
  if (!hasDrift) return 'No drift.'
  const counts = [
    [summary.additions, 'added'],
    [summary.removals, 'removed'],
    [summary.changes, 'changed'],
    [summary.renames, 'renamed'],
  ] as const
  const parts = counts.flatMap(([count, word]) => (count > 0 ? [`${count} ${word}`] : []))
  const verdict = score === null ? result : `${result}, score ${score}`
  return `Drift: ${parts.join(', ')} (${severity}; ${verdict}).`
}

function changeLine(change: Change): string {
  const { kind, path, toPath, aspect, from, to, impact, witness } = change
  const name = kind === 'renamed' ? `${path} -> ${toPath}` : path
  const what =
    kind === 'added'
      ? `new, ${to}`
      : kind === 'removed'
        ? `gone, was ${from}`
        : kind === 'renamed' && !aspect
          ? 'renamed'
          : `${aspect}: ${from} -> ${to}`
  return `${signs[kind]} ${name}: ${what} [${impact}]${placeText(witness)}`
}

function placeText(place: Place | undefined): string {
  if (place?.line !== undefined) return ` (line ${place.line}, column ${place.column ?? 1})`
  if (place?.record !== undefined) return ` (record ${place.record})`
  return place?.byte === undefined ? '' : ` (byte ${place.byte})`
}
