/** Storages that break the promise, each in its way: a harness that cannot find these finds nothing. */
import { publishes, replacing } from './watched.js'

/** @typedef {import('drifthook').Storage} Storage */

/** Answers true for every n-th call. @param {number} n */
const every = (n) => {
  let calls = 0
  return () => ++calls % n === 0
}

/** @param {Storage} inner @returns {Storage} one commit of a message in 20 is answered and not made */
function dropCommit(inner) {
  const dropped = every(20)
  return replacing(inner, {
    commit: async (writes) => (publishes(writes) && dropped() ? undefined : inner.commit(writes)),
  })
}

/** @param {Storage} inner @returns {Storage} one outcome in 40 is said to be applied and is not */
function loseSettle(inner) {
  const lost = every(40)
  return replacing(inner, {
    async settle(table, outcomes) {
      const kept = outcomes.map(() => table === 'jobs' || !lost())
      const results = await inner.settle(
        table,
        outcomes.filter((_, n) => kept[n]),
      )
      return outcomes.map((_, n) => (kept[n] ? (results.shift() ?? 'lost') : 'applied'))
    },
  })
}

/** @param {Storage} inner @returns {Storage} leases that end when they begin */
const claimWithoutLease = (inner) =>
  replacing(inner, {
    claim: (table, request) =>
      inner.claim(table, table === 'jobs' ? request : { ...request, leaseUntil: request.now + 1 }),
  })

/** @param {Storage} inner @returns {Storage} one end in 40 is written as if the receiver had answered, with no attempt */
function loseAttempt(inner) {
  const lost = every(40)
  return replacing(inner, {
    settle: (table, outcomes) =>
      inner.settle(
        table,
        outcomes.map((outcome) => (outcome.kind === 'end' && lost() ? { ...outcome, writes: [] } : outcome)),
      ),
  })
}

/** @param {Storage} inner @returns {Storage} one retry in 10 is put off to tomorrow */
function forgetRetry(inner) {
  const forgotten = every(10)
  const day = 24 * 3_600_000
  return replacing(inner, {
    settle: (table, outcomes) =>
      inner.settle(
        table,
        outcomes.map((outcome) =>
          outcome.kind === 'retry' && table === 'deliveries' && forgotten()
            ? { ...outcome, dueAt: outcome.dueAt + day }
            : outcome,
        ),
      ),
  })
}

/** By name, with the check that finds it. */
export const sabotages = {
  'drop-commit': { check: 'arrived', wrap: dropCommit },
  'lose-settle': { check: 'leases', wrap: loseSettle },
  'claim-without-lease': { check: 'leases', wrap: claimWithoutLease },
  'lose-attempt': { check: 'log', wrap: loseAttempt },
  'forget-retry': { check: 'ended', wrap: forgetRetry },
}

/** @typedef {keyof typeof sabotages} Sabotage */
