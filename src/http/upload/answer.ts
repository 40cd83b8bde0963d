/** How the outcome of an upload is answered. */
import type { FileOutcome, NamedOutcome, UploadOutcome } from '../../services/uploads/outcome.js'
import { type Answer, problemDetails, success } from '../problem.js'

/** Where an event can be seen; null if the host did not say. */
type EventUrl = (eventId: number) => string | null

/**
 * One file is answered with what came of it; several with the list of that.
 * @throws DrifthookError why the one file could not be compared
 */
export function uploadAnswer(outcome: UploadOutcome, eventUrl: EventUrl): Answer {
  if (outcome.kind === 'several') return severalAnswer(outcome.files, eventUrl)
  if (outcome.kind === 'failed') throw outcome.error
  if (outcome.kind === 'compared') return success(200, told(outcome, eventUrl))
  const location = eventUrl(outcome.eventId)
  return success(202, told(outcome, eventUrl), {
    ...asynchronous,
    ...(location === null ? {} : { location }),
  })
}

/** Whether nothing new was done: all of it is repeated from before. */
export const isReplayed = (outcome: UploadOutcome): boolean =>
  outcome.kind === 'several' ? outcome.files.every(({ replayed }) => replayed) : outcome.replayed

const asynchronous = { 'preference-applied': 'respond-async' }

function severalAnswer(files: readonly NamedOutcome[], eventUrl: EventUrl): Answer {
  const results = files.map((file) => ({ fileName: file.fileName, ...told(file, eventUrl) }))
  if (files.some(({ kind }) => kind === 'failed')) return success(400, { success: false, results })
  const processing = files.some(({ kind }) => kind === 'processing')
  return success(processing ? 202 : 200, { success: true, results }, processing ? asynchronous : {})
}

function told(outcome: FileOutcome, eventUrl: EventUrl) {
  if (outcome.kind === 'failed') return { success: false, ...problemDetails(outcome.error) }
  const { eventId } = outcome.kind === 'compared' ? outcome.result : outcome
  const eventPlace = { eventUrl: eventId === null ? null : eventUrl(eventId) }
  if (outcome.kind === 'compared') return { ...outcome.result, ...eventPlace }
  return { success: true, eventId, status: 'processing', ...eventPlace }
}
