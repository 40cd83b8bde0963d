// A span for each message published and one for each attempt to deliver it: one trace, also when the attempts are
// made days later by another process. Names and attributes are those of OpenTelemetry's semantic conventions.
import { propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'

/** @returns {import('drifthook').Hooks} */
export function openTelemetryHooks(tracer = trace.getTracer('drifthook')) {
  return {
    publish({ messageId, type, deliveryIds }) {
      // A child of the span that is active: the request that brought a file, the job that published.
      const span = tracer.startSpan(`create ${type}`, {
        kind: SpanKind.PRODUCER,
        attributes: {
          'messaging.system': 'drifthook',
          'messaging.operation.name': 'create',
          'messaging.operation.type': 'create',
          'messaging.destination.name': type,
          'messaging.message.id': messageId,
          'drifthook.delivery_count': deliveryIds.length,
        },
      })
      span.end()
      return carrierOf(span)
    },

    attempt({ deliveryId, webhookId, messageId, number, url, traceparent }) {
      // What `publish` answered comes back with every attempt, so that retries are siblings.
      const parent = traceparent === null ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, { traceparent })
      const attributes = {
        ...requestAttributes(url),
        ...(number > 1 ? { 'http.request.resend_count': number - 1 } : {}),
        'messaging.message.id': messageId,
        'drifthook.delivery.id': deliveryId,
        'drifthook.webhook.id': webhookId,
      }
      const span = tracer.startSpan('POST', { kind: SpanKind.CLIENT, attributes }, parent)
      return {
        headers: carrierOf(span),
        end({ succeeded, status, error }) {
          if (status !== null) span.setAttribute('http.response.status_code', status)
          if (!succeeded) {
            span.setAttribute('error.type', status === null ? codeOf(error) : String(status))
            span.setStatus({ code: SpanStatusCode.ERROR, ...(error === null ? {} : { message: error }) })
          }
          span.end()
        },
      }
    },
  }
}

/**
 * The headers that continue a span elsewhere.
 * @param {import('@opentelemetry/api').Span} span
 */
function carrierOf(span) {
  /** @type {Record<string, string>} */
  const carrier = {}
  propagation.inject(trace.setSpan(ROOT_CONTEXT, span), carrier)
  return carrier
}

/**
 * Credentials in the URL are masked already. A channel that sends by itself has a target of its own making.
 * @param {string} target
 */
function requestAttributes(target) {
  if (!/^https?:/.test(target)) return {}
  const { hostname, port, protocol } = new URL(target)
  return {
    'http.request.method': 'POST',
    'url.full': target,
    'server.address': hostname,
    'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
  }
}

/**
 * The code an error begins with, such as `timeout`: few enough to group by.
 * @param {string | null} error
 */
const codeOf = (error) => error?.match(/^[a-z_]+(?=: )/)?.[0] ?? '_OTHER'
