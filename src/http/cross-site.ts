import { parseUrl } from '../url.js'
import type { HttpRequest } from './request.js'

/**
 * Whether a browser may have been made to send this by another site. A request without a cookie carries its
 * own credentials and cannot be forged; one with a cookie must say that it comes from this origin, by the
 * Fetch Metadata header or by Origin (OWASP Cross-Site Request Forgery Prevention).
 */
export function crossSite(request: HttpRequest): boolean {
  if (request.get('cookie') === undefined) return false
  const site = request.get('sec-fetch-site')
  if (site !== undefined) return site !== 'same-origin'
  const origin = request.get('origin')
  return origin === undefined || parseUrl(origin)?.host !== request.get('host')
}
