/** What a chat is told, before it stands in the chat's own blocks: a report, or anything that has a title. */
import type { Change, DriftReport } from '../report.js'
import { excerptOf, headline, type RenderOptions, restText, titleOf, worstFirst } from './shared.js'

/** Its texts may be hostile, but for `notes`; each chat makes them harmless in its own way. */
export interface Card {
  title: string
  /** One sentence: the verdict. */
  headline: string
  /** Names and what they stand for, at most {@link mostFacts}. */
  facts: readonly (readonly [name: string, value: string])[]
  /** The worst first, at most as many as the chat has room for. */
  changes: readonly Change[]
  /** In words of our own. */
  notes: readonly string[]
  url: string | undefined
}

/** So many facts fit into one section of a Slack message. */
export const mostFacts = 8

/** A report with the worst of its changes: 5 unless `limit` says otherwise, never more than `most`. */
export function reportCard(report: DriftReport, options: RenderOptions, most: number): Card {
  const { fileName, contractName } = options
  const { changes, rest } = excerptOf(report, Math.min(options.limit ?? 5, most))
  const observed = report.observations.length
  return {
    title: titleOf(options),
    headline: headline(report),
    facts: [
      ...(contractName === undefined ? [] : [['Contract', contractName] as const]),
      ...(fileName === undefined ? [] : [['File', fileName] as const]),
    ],
    changes: worstFirst(changes),
    notes: [
      ...(rest.length > 0 ? [`… ${restText(rest)}`] : []),
      ...(observed > 0 ? [`Observations: ${observed}`] : []),
    ],
    url: options.url,
  }
}
