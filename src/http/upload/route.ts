/** One upload over HTTP, from its token to its answer. */
import type { ServerResponse } from 'node:http'
import type { Services } from '../../services/index.js'
import { type Answer, rateHeaders } from '../problem.js'
import type { HttpRequest } from '../request.js'
import { isReplayed, uploadAnswer } from './answer.js'
import { readFile } from './multipart.js'
import { wishesOf } from './wishes.js'

export interface UploadCall {
  uploads: Services['uploads']
  token: string
  request: HttpRequest
  response: ServerResponse
  eventUrl: (eventId: number) => string | null
}

export async function handleUpload({
  uploads,
  token,
  request,
  response,
  eventUrl,
}: UploadCall): Promise<Answer> {
  const admission = await uploads.admit({ token, address: request.ip ?? null })
  try {
    for (const [name, value] of Object.entries(rateHeaders(admission.rate))) response.setHeader(name, value)
    const { bytes, fields, ...claim } = await readFile(request, response, admission.maxBytes)
    const intake = admission.open(claim)
    await intake.write(bytes)
    const outcome = await admission.receive([await intake.end()], wishesOf(request, fields))
    if (isReplayed(outcome)) response.setHeader('idempotency-replayed', 'true')
    return uploadAnswer(outcome, eventUrl)
  } finally {
    admission.leave()
  }
}
