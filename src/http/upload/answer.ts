/** How the outcome of an upload is answered. */
import type { UploadOutcome } from '../../services/uploads/receive.js'
import { type Answer, success } from '../problem.js'

/** @param eventUrl where an event can be seen; null if the host did not say */
export function uploadAnswer(outcome: UploadOutcome, eventUrl: (eventId: number) => string | null): Answer {
  if (outcome.kind !== 'compared') throw new Error(`one file was sent, and is ${outcome.kind}`)
  const { result } = outcome
  return success(200, { ...result, eventUrl: eventUrl(result.eventId) })
}
