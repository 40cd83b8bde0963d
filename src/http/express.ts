/** The one file that knows Express: routes and handlers become routers that both 4 and 5 mount. */
import { randomUUID } from 'node:crypto'
import express, { type ErrorRequestHandler, type Request, type Response, type Router } from 'express'
import { DrifthookError } from '../errors.js'
import type { Principal } from '../model.js'
import type { Logger } from '../services/context.js'
import type { Services } from '../services/index.js'
import { readJson } from './body.js'
import { crossSite } from './cross-site.js'
import { nearMiss } from './near-miss.js'
import { type Answer, asDrifthookError, problem, success, verbatim } from './problem.js'
import type { Handler, HttpRequest } from './request.js'
import type { Call, Route } from './route.js'
import { apiRoutes } from './routes/index.js'
import { send } from './send.js'
import type { Patience } from './upload/incoming-body.js'
import { inMemory } from './upload/memory.js'
import type { FormLimits } from './upload/multipart.js'
import { isForm, type UploadReader, uploadReader } from './upload/reader.js'
import { handleUpload } from './upload/route.js'
import { headerToken } from './upload/token.js'
import { fromWire } from './wire.js'

export interface HttpParts {
  services: Services
  /** Throws once drifthook is stopping. */
  refuseStopped: () => void
  /** Who calls, or null. */
  authenticate: (request: HttpRequest) => Promise<Principal | null>
  logger: Logger
  requireHttps: boolean
  /** How much may be uploaded at once, and how long that may take. */
  upload: FormLimits & Patience
  urls: { upload: string | null; api: string | null }
}

export interface Routers {
  /** Everything: uploads at `/webhook`, management at `/api/v1`, health at `/health`. */
  router: Handler
  routers: { upload: Handler; api: Handler; health: Handler }
}

/** Where a router's neighbours are: known for sure only inside the one that holds them all. */
type Places = (request: HttpRequest) => { upload: string | null; api: string | null }

/** Builds the routers. Does no I/O. */
export function createRouters(parts: HttpParts): Routers {
  const alone: Places = () => parts.urls
  const together = (ownPath: string): Places => {
    return ({ baseUrl }) => {
      const base = baseUrl.slice(0, baseUrl.length - ownPath.length)
      return { upload: parts.urls.upload ?? `${base}/webhook`, api: parts.urls.api ?? `${base}/api/v1` }
    }
  }
  const all = newRouter()
  all.use('/webhook', uploadRouter(parts, together('/webhook')))
  all.use('/api/v1', apiRouter(parts, together('/api/v1')))
  all.use('/health', healthRouter(parts))
  all.use((request, response, next) => {
    const inApi = request.path.startsWith('/api/v1/')
    const hint = nearMiss(request.method, request.path, request.baseUrl) ?? (inApi ? 'No such route.' : null)
    if (hint === null) return next()
    return answering(parts, request, response, async () => {
      throw new DrifthookError('NOT_FOUND', hint)
    })
  })
  return {
    router: handler(all),
    routers: {
      upload: handler(uploadRouter(parts, alone)),
      api: handler(apiRouter(parts, alone)),
      health: handler(healthRouter(parts)),
    },
  }
}

const newRouter = (): Router => express.Router({ caseSensitive: true })
const handler = (router: Router): Handler => router as unknown as Handler
const asHttpRequest = (request: Request): HttpRequest => request as unknown as HttpRequest

function uploadRouter(parts: HttpParts, places: Places): Router {
  const router = newRouter()
  const { uploads } = parts.services
  const read = uploadReader(parts.upload)
  const receive = (request: Request, response: Response, token: string) => {
    const incoming = asHttpRequest(request)
    // Refused before anybody looks at the token, so nobody else would write it down.
    const refusal = unencrypted(parts, request)
    if (refusal !== null) uploads.refused(refusal, request.ip ?? null)
    return answering(
      parts,
      request,
      response,
      () => {
        const { api } = places(incoming)
        return handleUpload({
          uploads,
          read,
          token,
          request: incoming,
          response,
          eventUrl: (eventId) => (api === null ? null : `${api}/events/${eventId}`),
        })
      },
      { success: false },
    )
  }
  router.post('/:token', (request, response) => receive(request, response, request.params.token ?? ''))
  router.post('/', (request, response, next) => {
    const token = headerToken(asHttpRequest(request))
    return token === null ? next() : receive(request, response, token)
  })
  router.all('/:token', (request, response) =>
    answering(parts, request, response, () => notAllowed(response, ['POST']), { success: false }),
  )
  router.use(unreadable(parts, { success: false }))
  return router
}

function apiRouter(parts: HttpParts, places: Places): Router {
  const router = newRouter()
  const read = uploadReader(parts.upload)
  for (const route of apiRoutes) {
    const handle = (request: Request, response: Response) =>
      answering(parts, request, response, () => manage(parts, route, places, read, asHttpRequest(request)))
    const methods = route.method === 'PATCH' ? ['PATCH', 'PUT'] : [route.method]
    for (const method of methods) router[method.toLowerCase() as 'get'](route.path, handle)
  }
  for (const path of new Set(apiRoutes.map((route) => route.path))) {
    const allowed = apiRoutes.filter((route) => route.path === path).map((route) => route.method)
    router.all(path, (request, response) =>
      answering(parts, request, response, () => notAllowed(response, allowed)),
    )
  }
  router.use(unreadable(parts))
  return router
}

/**
 * Express refuses a path whose percent-encoding is wrong before any of our handlers, and would have the host answer:
 * in development with its stack.
 */
function unreadable(parts: HttpParts, extra: Record<string, unknown> = {}): ErrorRequestHandler {
  return (_error, request, response, _next) =>
    answering(
      parts,
      request,
      response,
      async () => {
        throw new DrifthookError('NOT_FOUND', 'The path is not percent-encoded UTF-8.')
      },
      extra,
    )
}

function healthRouter(parts: HttpParts): Router {
  const router = newRouter()
  router.get('/', (request, response) =>
    answering(parts, request, response, async () => {
      const status = await parts.services.health.status()
      return success(status === 'up' ? 200 : 503, { status })
    }),
  )
  return router
}

/** One management request, from its credentials to its answer. */
async function manage(
  parts: HttpParts,
  route: Route,
  places: Places,
  read: UploadReader,
  request: HttpRequest,
) {
  const principal = await parts.authenticate(request)
  if (principal === null) throw new DrifthookError('UNAUTHENTICATED', 'This needs valid credentials.')
  if (route.method !== 'GET' && crossSite(request)) {
    throw new DrifthookError('CROSS_SITE', 'A request with a cookie must come from a page of this site.')
  }
  const { maxBytes } = parts.upload
  const form = route.takesFile === true && isForm(request) ? await read(request, inMemory(maxBytes)) : null
  const hasBody = route.method === 'POST' || route.method === 'PATCH'
  const json = hasBody && form === null ? await readJson(request, maxBytes) : undefined
  const call: Call = {
    principal,
    services: parts.services,
    params: request.params,
    query: queryOf(request),
    body: fromWire(json),
    idempotencyKey: route.idempotent === true ? (request.get('idempotency-key') ?? null) : null,
    form,
    uploadUrl: (token) => {
      const { upload } = places(request)
      return upload === null ? null : `${upload}/${token}`
    },
  }
  const made = await route.handle(call)
  return route.foreign === true ? verbatim(route.status, made) : success(route.status, made)
}

/** Sends what `work` answers, or the problem it ended in. Nothing escapes to the host's error handlers. */
async function answering(
  parts: HttpParts,
  request: Request,
  response: Response,
  work: () => Promise<Answer>,
  extra: Record<string, unknown> = {},
): Promise<void> {
  const requestId = requestIdOf(request.get('x-request-id'))
  const answer = await reach(parts, request, work).catch((error: unknown) => {
    const ours = asDrifthookError(error)
    // That there is no room right now is no fault of the host's, and who fills it must not fill its log as well.
    if (ours.status >= 500 && ours.code !== 'UPLOADS_BUSY')
      parts.logger.error(ours.message, { code: ours.code, requestId, error: ours.cause ?? ours })
    return problem(ours, requestId, extra)
  })
  send(request, response, answer, requestId)
}

async function reach(parts: HttpParts, request: Request, work: () => Promise<Answer>): Promise<Answer> {
  const refusal = unencrypted(parts, request)
  if (refusal !== null) throw refusal
  parts.refuseStopped()
  return work()
}

/** The refusal of a request that came without encryption where that is required, or null. */
const unencrypted = ({ requireHttps }: HttpParts, request: Request): DrifthookError | null =>
  requireHttps && !request.secure
    ? new DrifthookError('HTTPS_REQUIRED', 'Use https://; this request came unencrypted.')
    : null

async function notAllowed(response: Response, methods: readonly string[]): Promise<never> {
  response.setHeader('allow', methods.join(', '))
  throw new DrifthookError('METHOD_NOT_ALLOWED', `Use ${methods.join(', ')} here.`)
}

const requestIdOf = (given: string | undefined): string =>
  given !== undefined && /^[\w.-]{1,128}$/.test(given) ? given : randomUUID()

/** The query as it stands in the URL: the host's parser may be any. */
function queryOf(request: HttpRequest): Record<string, unknown> {
  const params = new URLSearchParams(request.originalUrl.split('?')[1] ?? '')
  const names = [...new Set(params.keys())]
  const values = names.map((name) => [
    name,
    params.getAll(name).length > 1 ? params.getAll(name) : params.get(name),
  ])
  return fromWire(Object.fromEntries(values)) as Record<string, unknown>
}
