/**
 * A report as an HTML fragment: semantic elements and class names, no script, style or handler, so that it
 * lives under any Content-Security-Policy and is styled by the page it is put into.
 */
import type { Change, DriftReport } from '../report.js'
import {
  changeText,
  type Excerpt,
  escapeMarkup,
  excerptOf,
  headline,
  pathText,
  placeText,
  type RenderOptions,
  restText,
  safeUrl,
  titleOf,
  withPlace,
} from './shared.js'

export function renderHtml(report: DriftReport, options: RenderOptions = {}): string {
  const { fileName, contractName } = options
  const excerpt = excerptOf(report, options.limit)
  const { changes, rest } = excerpt
  const url = safeUrl(options.url)
  return [
    `<section class="drifthook-report drifthook-${report.result}">`,
    `<h2>${escapeMarkup(titleOf(options))}</h2>`,
    ...facts([
      ['Contract', contractName],
      ['File', fileName],
    ]),
    `<p class="drifthook-verdict">${headline(report)}</p>`,
    ...(changes.length > 0 ? table(changes) : []),
    ...(rest.length > 0 ? [`<p class="drifthook-more">… ${restText(rest)}</p>`] : []),
    ...observationList(excerpt),
    ...(url === null ? [] : [`<p><a href="${escapeMarkup(url)}">Details</a></p>`]),
    '</section>',
    '',
  ].join('\n')
}

function facts(pairs: readonly (readonly [string, string | undefined])[]): string[] {
  const items = pairs.flatMap(([name, value]) =>
    value === undefined ? [] : [`<dt>${name}</dt><dd>${code(value)}</dd>`],
  )
  return items.length > 0 ? ['<dl class="drifthook-facts">', ...items, '</dl>'] : []
}

function table(changes: readonly Change[]): string[] {
  const head = ['Impact', 'Path', 'Change', 'Where'].map((name) => `<th scope="col">${name}</th>`)
  return [
    '<table class="drifthook-changes">',
    '<caption>Changes</caption>',
    `<thead><tr>${head.join('')}</tr></thead>`,
    '<tbody>',
    ...changes.map(row),
    '</tbody>',
    '</table>',
  ]
}

function row(change: Change): string {
  const cells = [
    `<td>${change.impact}</td>`,
    `<th scope="row">${pathText(change, code)}</th>`,
    `<td>${changeText(change, code)}</td>`,
    `<td>${placeText(change.witness) ?? ''}</td>`,
  ]
  return `<tr class="drifthook-${change.impact}">${cells.join('')}</tr>`
}

function observationList({ observations, unseen }: Excerpt): string[] {
  if (observations.length + unseen === 0) return []
  const items = observations.map(
    ({ path, message, witness }) =>
      `<li>${withPlace(`${code(path)}: ${escapeMarkup(message)}`, witness)}</li>`,
  )
  if (unseen > 0) items.push(`<li>… and ${unseen} more</li>`)
  return ['<h3>Observations</h3>', '<ul class="drifthook-observations">', ...items, '</ul>']
}

/** `bdi`: a name written from right to left must not turn around what stands beside it. */
const code = (text: string) => `<code><bdi>${escapeMarkup(text)}</bdi></code>`
