// Stands in for the host's own set-up. With `@opentelemetry/sdk-node` all of this is
//
//   new NodeSDK({ traceExporter: new OTLPTraceExporter() }).start()
//
// which also keeps track of the span that is active, so that `publish` finds its parent.
import { propagation, trace } from '@opentelemetry/api'
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'

/** @param {import('@opentelemetry/sdk-trace-base').SpanExporter} exporter */
export function startTracing(exporter) {
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  )
  propagation.setGlobalPropagator(traceparentPropagator)
}

/**
 * The `traceparent` header of W3C Trace Context, and nothing else of it.
 * @type {import('@opentelemetry/api').TextMapPropagator}
 */
const traceparentPropagator = {
  inject(context, carrier, setter) {
    const span = trace.getSpanContext(context)
    if (span === undefined) return
    const flags = span.traceFlags.toString(16).padStart(2, '0')
    setter.set(carrier, 'traceparent', `00-${span.traceId}-${span.spanId}-${flags}`)
  },
  extract(context, carrier, getter) {
    const header = String(getter.get(carrier, 'traceparent'))
    const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(header) ?? []
    if (traceId === undefined || spanId === undefined) return context
    const traceFlags = Number(`0x${flags}`)
    return trace.setSpanContext(context, { traceId, spanId, traceFlags, isRemote: true })
  },
  fields: () => ['traceparent'],
}

/**
 * Spans as a tree, with the status each ended in.
 * @param {import('@opentelemetry/sdk-trace-base').ReadableSpan[]} spans
 * @param {string | undefined} parent
 * @returns {string}
 */
export function treeOf(spans, parent = undefined, indent = '') {
  return spans
    .filter((span) => span.parentSpanContext?.spanId === parent)
    .map((span) => {
      const line = `${indent}${span.name} ${span.attributes['http.response.status_code'] ?? ''}`.trimEnd()
      return `${line}\n${treeOf(spans, span.spanContext().spanId, `${indent}  `)}`
    })
    .join('')
}
