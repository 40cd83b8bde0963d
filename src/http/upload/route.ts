/** One upload over HTTP, from its token to its answer. */
import type { ServerResponse } from 'node:http'
import type { Services } from '../../services/index.js'
import { signatureHeader } from '../../services/uploads/signature.js'
import { type Answer, rateHeaders } from '../problem.js'
import type { HttpRequest } from '../request.js'
import { isReplayed, uploadAnswer } from './answer.js'
import type { UploadReader } from './reader.js'
import { wishesOf } from './wishes.js'

export interface UploadCall {
  uploads: Services['uploads']
  read: UploadReader
  token: string
  request: HttpRequest
  response: ServerResponse
  eventUrl: (eventId: number) => string | null
}

export async function handleUpload(call: UploadCall): Promise<Answer> {
  const { uploads, read, token, request, response, eventUrl } = call
  const signature = request.get(signatureHeader) ?? null
  const admission = await uploads.admit({ token, address: request.ip ?? null, signature })
  try {
    const rate = rateHeaders(admission.rate)
    for (const name in rate) response.setHeader(name, rate[name] ?? '')
    const { files, fields } = await read(request, admission)
    const wishes = await orRelease(files, () => wishesOf(request, fields))
    const outcome = await admission.receive(files, wishes)
    if (isReplayed(outcome)) response.setHeader('idempotency-replayed', 'true')
    return uploadAnswer(outcome, eventUrl)
  } catch (error) {
    admission.refused(error)
    throw error
  } finally {
    admission.leave()
  }
}

/** Files belong to us until they are received. */
async function orRelease<T>(files: readonly { release(): Promise<void> }[], judge: () => T): Promise<T> {
  try {
    return judge()
  } catch (error) {
    await Promise.allSettled(files.map((file) => file.release()))
    throw error
  }
}
