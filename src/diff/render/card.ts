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
  const { changes, rest } = excerptOf(report, Math.min(options.limit ?? 5, most))
  const observed = report.observations.length
  return {
    title: titleOf(options),
    headline: headline(report),
    facts: subjectFacts(options),
    changes: worstFirst(changes),
    notes: [
      ...(rest.length > 0 ? [`… ${restText(rest)}`] : []),
      ...(observed > 0 ? [`Observations: ${observed}`] : []),
    ],
    url: options.url,
  }
}

/** What was compared with what, as far as it is known. */
export function subjectFacts({ contractName, fileName }: RenderOptions): Card['facts'] {
  const facts = [['Contract', contractName] as const, ['File', fileName] as const]
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
}
