/** `/webhook`, `/webhooks` and `/api/v1/webhooks` are easily mistaken for each other: say which is which. */

const token = /^[A-Za-z0-9_-]{43}$/

/**
 * @param path below the router's mount point
 * @param base the mount point
 * @returns a sentence that names the right path, or null where nothing was mistaken
 */
export function nearMiss(method: string, path: string, base: string): string | null {
  if (method !== 'POST') return null
  const [first, second, third] = path.split('/').filter((part) => part !== '')
  const upload = `POST ${base}/webhook/{token}`
  const manage = `${base}/api/v1/webhooks`
  if (first === 'webhook') return `Files are uploaded to ${upload}; webhooks are managed at ${manage}.`
  if (first === 'webhooks') {
    if (second !== undefined && token.test(second)) return `Files are uploaded to ${upload}, without an s.`
    return `Webhooks are managed at ${manage}; files are uploaded to ${upload}.`
  }
  if (first === 'api' && second === 'v1' && third === 'webhook')
    return `Webhooks are managed at ${manage}, with an s.`
  if (first === 'api' && /^webhooks?$/.test(second ?? '')) return `Webhooks are managed at ${manage}.`
  return null
}
