/**
 * A delta as HTML: one table, a fragment for the caller's page. Markup of its own is all it has: no script,
 * style or handler, nothing that a strict Content-Security-Policy refuses. Every key and value is escaped;
 * the classes are for the page's style sheet.
 */
import type { Delta, DeltaChange, JsonValue } from './model.js'

export interface DeltaHtmlOptions {
  /** Changes shown; the rest is counted. 1,000 unless given. */
  maxRows?: number
  /** Characters shown of a value. 500 unless given. */
  maxValueLength?: number
}

export function deltaHtml(delta: Delta, options: DeltaHtmlOptions = {}): string {
  const { maxRows = 1_000, maxValueLength = 500 } = options
  const rows = delta.changes.slice(0, maxRows).map((change) => row(change, maxValueLength))
  const rest = delta.changes.length - rows.length
  return [
    '<section class="drifthook-delta">',
    `<p>${escapeHtml(summaryOf(delta))}</p>`,
    ...(rows.length > 0 ? [table(rows)] : []),
    ...(rest > 0 ? [`<p>${rest} more not shown</p>`] : []),
    '</section>',
  ].join('\n')
}

function table(rows: readonly string[]): string {
  const head = ['Change', 'Path', 'Pointer', 'Record', 'Before', 'After']
    .map((title) => `<th scope="col">${title}</th>`)
    .join('')
  return `<table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${rows.join('\n')}\n</tbody>\n</table>`
}

/** "No differences" is said only where it is known. */
function summaryOf({ changes, summary, truncated, limit }: Delta): string {
  const { additions, removals, replacements, moves } = summary
  const counts = `${additions} added, ${removals} removed, ${replacements} replaced, ${moves} moved`
  if (truncated) {
    const why = limit ? ` (limit ${limit.name}: ${limit.value})` : ''
    return `Incomplete, there may be more${why}: ${counts}`
  }
  return changes.length === 0 ? 'No differences' : counts
}

function row(change: DeltaChange, length: number): string {
  const cells = [
    change.op,
    code(change.path),
    change.op === 'move' ? `${code(change.fromPointer)} → ${code(change.pointer)}` : code(change.pointer),
    change.key ? value(change.key, length) : '',
    'from' in change ? value(change.from, length) : '',
    'to' in change ? value(change.to, length) : '',
  ]
  return `<tr class="${change.op}">${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
}

/** Isolated, so that text of another direction does not reorder what stands around it. */
const code = (text: string): string => `<code><bdi>${escapeHtml(text)}</bdi></code>`

function value(json: JsonValue, length: number): string {
  const text = JSON.stringify(json)
  return code(text.length > length ? `${text.slice(0, length)}…` : text)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => entities[char]!)
}
