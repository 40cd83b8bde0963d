/** One door to all renderers. */
import type { DriftReport } from '../report.js'
import { renderHtml } from './html.js'
import { renderJunit } from './junit.js'
import { renderMarkdown } from './markdown.js'
import { renderSarif } from './sarif.js'
import type { RenderOptions } from './shared.js'
import { renderSlack } from './slack.js'
import { renderTeams } from './teams.js'
import { renderText } from './text.js'

/** `JSON.stringify` leaves some characters as they are that act in a terminal or turn around a line. */
function asJson(value: unknown): string {
  const escapeUnit = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  const text = JSON.stringify(value, null, 2)
  return `${text.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => char.split('').map(escapeUnit).join(''))}\n`
}

const renderers = {
  text: (report, options) => `${renderText(report, options)}\n`,
  json: (report) => asJson(report),
  markdown: renderMarkdown,
  html: renderHtml,
  slack: (report, options) => asJson(renderSlack(report, options)),
  teams: (report, options) => asJson(renderTeams(report, options)),
  junit: renderJunit,
  sarif: (report, options) => asJson(renderSarif(report, options)),
} as const satisfies Record<string, (report: DriftReport, options: RenderOptions) => string>

export type RenderFormat = keyof typeof renderers

/** The names `render` knows. */
export const renderFormats: readonly RenderFormat[] = Object.freeze(Object.keys(renderers) as RenderFormat[])

/** A report in one of the formats, as text that ends with a line break. */
export function render(report: DriftReport, format: RenderFormat, options: RenderOptions = {}): string {
  return renderers[format](report, options)
}
