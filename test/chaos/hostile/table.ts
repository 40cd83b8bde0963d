/** The rows of `docs/reference/hostile-uploads.md`. */
import { advisories, notReplayable } from './advisories.js'
import type { Expected } from './attack.js'

const answerOf = (expected: Expected): string => {
  if (expected === 'compared') return '200: read like any other'
  if (expected === 'not HTTP') return 'none: nothing is left of it'
  return `\`${expected.code}\``
}

export const advisoryRows: readonly string[] = [
  ...advisories.map(
    ({ number, component, about, name, expected }) =>
      `| ${number} | ${component} | ${about} | ${name} | ${answerOf(expected)} |`,
  ),
  ...notReplayable.map(
    ({ number, component, about, why }) => `| ${number} | ${component} | ${about} | not replayed: ${why} | |`,
  ),
]
