/**
 * What all renderers share: which changes are shown, in which words, and how hostile text becomes harmless.
 * Every path, label and message of a report was chosen by whoever made the file.
 */
import type { Place } from '../../errors.js'
import { parseUrl } from '../../url.js'
import type { Change, DriftReport, Impact, Observation } from '../report.js'

export interface RenderOptions {
  /** The headline, where the format has one. */
  title?: string
  /** The compared file: a path relative to where the reader looks for it. */
  fileName?: string
  contractName?: string
  /** Where more can be read; left out unless it is `http:` or `https:`. */
  url?: string
  /**
   * Changes shown before the rest is only counted; formats for machines (JSON, SARIF, JUnit) carry all.
   * Default: 50, in chats 5.
   */
  limit?: number
}

export const impacts: readonly Impact[] = ['breaking', 'warning', 'info']
const defaultLimit = 50

/** Some readers refuse a headline without text. */
export function titleOf({ title }: RenderOptions): string {
  return title === undefined || plain(title).trim() === '' ? 'Schema drift' : title
}

/** The part of a report that is shown. */
export interface Excerpt {
  /** The worst, in the report's order. */
  changes: Change[]
  /** Changes that are only counted. */
  rest: Change[]
  observations: Observation[]
  /** How many observations are not shown. */
  unseen: number
}

/** At most `limit` changes, and as many observations. */
export function excerptOf(report: DriftReport, limit = defaultLimit): Excerpt {
  const most = Math.max(0, limit)
  const kept = new Set(worstFirst(report.changes).slice(0, most))
  const observations = report.observations.slice(0, most)
  return {
    changes: report.changes.filter((change) => kept.has(change)),
    rest: report.changes.filter((change) => !kept.has(change)),
    observations,
    unseen: report.observations.length - observations.length,
  }
}

export function worstFirst(changes: readonly Change[]): Change[] {
  return [...changes].sort((a, b) => impacts.indexOf(a.impact) - impacts.indexOf(b.impact))
}

/** `and 950 more: 3 breaking, 947 info`; null when nothing is left out. */
export function restText(rest: readonly Change[]): string | null {
  if (rest.length === 0) return null
  const counts = impacts.map(
    (impact) => [rest.filter((one) => one.impact === impact).length, impact] as const,
  )
  return `and ${rest.length} more: ${joinCounts(counts)}`
}

/** `1 added, 2 removed`. */
export function countsText({ summary }: DriftReport): string {
  return joinCounts([
    [summary.additions, 'added'],
    [summary.removals, 'removed'],
    [summary.changes, 'changed'],
    [summary.renames, 'renamed'],
  ])
}

/** Both verdicts and the counts in one sentence. */
export function headline(report: DriftReport): string {
  if (!report.hasDrift) return 'No drift.'
  return `Drift: ${countsText(report)} (${report.severity}; ${verdictText(report)}).`
}

export function verdictText({ result, score }: DriftReport): string {
  return score === null ? result : `${result}, score ${score}`
}

function joinCounts(counts: readonly (readonly [number, string])[]): string {
  return counts.flatMap(([count, word]) => (count > 0 ? [`${count} ${word}`] : [])).join(', ')
}

/** What happened to a path, without the path. `quote` makes a label of the file fit for the format. */
export function changeText({ kind, aspect, from, to }: Change, quote: (text: string) => string): string {
  const label = (text: string | null) => (text === null ? 'nothing' : quote(text))
  if (kind === 'added') return `added: ${label(to)}`
  if (kind === 'removed') return `removed, was ${label(from)}`
  const named = kind === 'renamed' ? ['renamed'] : []
  if (!aspect && kind === 'renamed') return 'renamed'
  return [...named, `${aspect ?? 'changed'}: ${label(from)} → ${label(to)}`].join(', ')
}

/** The path, or both of a rename. */
export function pathText({ path, toPath }: Change, quote: (text: string) => string, arrow = '→'): string {
  return toPath === undefined ? quote(path) : `${quote(path)} ${arrow} ${quote(toPath)}`
}

/** `line 3, column 5`; null without a place. */
export function placeText(place: Place | undefined): string | null {
  if (place?.line !== undefined) return `line ${place.line}, column ${place.column ?? 1}`
  if (place?.record !== undefined) return `record ${place.record}`
  if (place?.segment !== undefined) return `segment ${place.segment}`
  return place?.byte === undefined ? null : `byte ${place.byte}`
}

/** A text and, in brackets, where the file shows it. */
export function withPlace(text: string, place: Place | undefined): string {
  const where = placeText(place)
  return where === null ? text : `${text} (${where})`
}

/** What makes a change the same change in another report: neither counts nor places. */
export function changeIdentity({ kind, path, toPath, aspect, from, to }: Change): string {
  return JSON.stringify([kind, path, toPath ?? null, aspect ?? null, from, to])
}

/**
 * Text on one line without characters that act instead of being seen: controls (terminal escapes, line
 * breaks), invisible and bidirectional ones, lone surrogates, non-characters. Each becomes U+FFFD, so that two
 * different names do not come out alike.
 */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffe\uffff]/gu, '\ufffd')
}

/** Text that was made plain, escaped and cut to a number of UTF-16 units, never inside of an escape. */
export function fitted(
  text: string,
  limit: number,
  escapeChar: (char: string) => string = (char) => char,
): string {
  let out = ''
  let cut = 0
  for (const char of plain(text)) {
    const next = escapeChar(char)
    if (out.length + next.length > limit) return `${out.slice(0, cut)}…`
    out += next
    if (out.length < limit) cut = out.length
  }
  return out
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text for HTML and XML, in elements and in quoted attributes. */
export function escapeMarkup(text: string): string {
  return plain(text).replace(/[&<>"']/g, (char) => entities[char]!)
}

/** A web address in which nothing is left that Markdown, Slack or HTML reads; null for any other kind. */
export function safeUrl(url: string | undefined): string | null {
  const parsed = url === undefined ? null : parseUrl(url)
  if (parsed === null) return null
  const { protocol, href } = parsed
  if ((protocol !== 'https:' && protocol !== 'http:') || href.length > 2_000) return null
  const encode = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  return href.replace(/[\\|()<>`'"\s]/g, encode)
}
