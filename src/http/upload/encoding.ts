import { DrifthookError } from '../../errors.js'

/**
 * How a body is encoded, by its header `Content-Encoding`.
 * @throws DrifthookError `ENCODING_UNSUPPORTED`
 */
export function encodingOf(header: string | undefined): 'gzip' | 'identity' {
  if (header === undefined) return 'identity'
  const codings = header
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity')
  if (codings.length === 0) return 'identity'
  if (codings.length === 1 && /^(x-)?gzip$/.test(codings[0] ?? '')) return 'gzip'
  throw new DrifthookError(
    'ENCODING_UNSUPPORTED',
    'Send the body uncompressed, or compressed once with Content-Encoding: gzip.',
  )
}
