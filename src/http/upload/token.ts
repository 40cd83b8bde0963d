import type { HttpRequest } from '../request.js'

/** The upload token of a request that does not have it in its path, where access logs would keep it; or null. */
export function headerToken(request: HttpRequest): string | null {
  const [, bearer = null] = /^Bearer +(\S+)$/i.exec(request.get('authorization') ?? '') ?? []
  return request.get('x-upload-token') ?? bearer
}
