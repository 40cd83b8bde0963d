/** What a sender asks for beside the comparison: in headers, the query or the fields of the form. */
import { noWishes, type UploadWishes } from '../../services/uploads/receive.js'
import type { HttpRequest } from '../request.js'

/**
 * @param fields the text fields of a multipart body
 * @throws DrifthookError `INVALID_REQUEST`
 */
export function wishesOf(_request: HttpRequest, _fields: Record<string, unknown>): UploadWishes {
  return noWishes
}
