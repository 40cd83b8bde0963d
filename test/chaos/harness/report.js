/** What a run came to, for people. */

/** @typedef {import('./campaign.js').Result} Result */

/** @param {Result} result */
export function describe({ plan: { combination, seed }, figures, restarts, seconds }) {
  const { deliveries, arrivals, kills, points, lost, duplicates, droppedWakeUps } = figures
  const at = Object.entries(points)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([point, n]) => `${point} ${n}`)
  return [
    `${combination}, seed ${seed}: ${deliveries} deliveries in ${arrivals} requests, ${kills} kills, ${restarts} restarts, ${droppedWakeUps} wake-ups dropped, ${lost} lost, ${duplicates} duplicates, ${seconds.toFixed(1)} s`,
    `        killed: ${at.join('; ')}`,
  ].join('\n')
}

const format = new Intl.NumberFormat('en')

/** @param {readonly Result[]} results */
export const table = (results) =>
  [
    '| combination | deliveries | requests | kills | at a named point | server restarts | wake-ups dropped | lost | duplicates | seconds |',
    '|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|',
    ...results.map(({ plan, figures, restarts, seconds }) => {
      const { deliveries, arrivals, kills, points, lost, duplicates, droppedWakeUps } = figures
      const named = kills - (points.anywhere ?? 0)
      const cells = [deliveries, arrivals, kills, named, restarts, droppedWakeUps, lost, duplicates]
      const rounded = Math.round(seconds)
      return `| ${[plan.combination.replace('+', ' + '), ...[...cells, rounded].map((n) => format.format(n))].join(' | ')} |`
    }),
  ].join('\n')

const begins = '<!-- npm run chaos -- --write: begins -->'
const ends = '<!-- ends -->'

/**
 * A document with another table between its marks.
 * @param {string} document
 * @param {string} summary
 */
export function documentWith(document, summary) {
  const from = document.indexOf(begins)
  const to = document.indexOf(ends, from)
  if (from < 0 || to < 0) throw new Error(`the document has no ${begins} … ${ends}`)
  return `${document.slice(0, from + begins.length)}\n${summary}\n${document.slice(to)}`
}
