// What a subscriber with tracing does: goes on with the trace that the request names.
import { propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'

/**
 * @param {number[]} answers the statuses to answer with, one after the other; 204 when they are used up
 * @returns {import('express').RequestHandler}
 */
export function tracedReceiver(answers) {
  return (request, response) => {
    const parent = propagation.extract(ROOT_CONTEXT, request.headers)
    const attributes = { 'http.request.method': 'POST', 'http.route': '/hook', 'url.path': request.path }
    const options = { kind: SpanKind.SERVER, attributes }
    const span = trace.getTracer('receiver').startSpan('POST /hook', options, parent)
    const status = answers.shift() ?? 204
    span.setAttribute('http.response.status_code', status)
    span.end()
    response.status(status).end()
  }
}
