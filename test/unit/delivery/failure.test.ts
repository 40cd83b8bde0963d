import { describe, expect, it } from 'vitest'
import { SendError, sendErrorOf } from '../../../src/delivery/failure.js'

const coded = (code: string) => Object.assign(new Error(`connect ${code} 10.1.2.3:443`), { code })

describe('whose fault a failure is', () => {
  it.each([
    ['EMFILE', 'ours', 'out_of_resources'],
    ['ENFILE', 'ours', 'out_of_resources'],
    ['ENOBUFS', 'ours', 'out_of_resources'],
    ['ENOMEM', 'ours', 'out_of_resources'],
    ['EAI_MEMORY', 'ours', 'out_of_resources'],
    ['EADDRNOTAVAIL', 'ours', 'out_of_resources'],
    ['UND_ERR_DESTROYED', 'ours', 'transport_closed'],
    ['UND_ERR_CLOSED', 'ours', 'transport_closed'],
    ['ECONNREFUSED', 'network', 'connection_refused'],
    ['ECONNRESET', 'network', 'connection_reset'],
    ['EPIPE', 'network', 'connection_reset'],
    ['UND_ERR_SOCKET', 'network', 'connection_reset'],
    ['ETIMEDOUT', 'network', 'timeout'],
    ['EHOSTUNREACH', 'network', 'unreachable'],
    ['ENETUNREACH', 'network', 'unreachable'],
    ['ESOMETHING', 'network', 'request_failed'],
    ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'receiver', 'http_malformed'],
    ['UND_ERR_HEADERS_OVERFLOW', 'receiver', 'headers_too_large'],
    ['UND_ERR_INVALID_ARG', 'refused', 'request_invalid'],
  ])('%s: %s', (code, failureClass, ours) => {
    const { failure } = sendErrorOf(coded(code))
    expect(failure).toMatchObject({ class: failureClass, code: ours })
    expect(failure.message).not.toContain('10.1.2.3')
  })

  it('of a name with several addresses is ours only if it is at each of them', () => {
    const classOf = (...codes: string[]) => sendErrorOf(new AggregateError(codes.map(coded))).failure
    expect(classOf('EADDRNOTAVAIL', 'ECONNREFUSED')).toMatchObject({ code: 'connection_refused' })
    expect(classOf('ECONNREFUSED', 'EADDRNOTAVAIL')).toMatchObject({ code: 'connection_refused' })
    expect(classOf('EMFILE', 'EMFILE')).toMatchObject({ class: 'ours', code: 'out_of_resources' })
    expect(classOf()).toMatchObject({ code: 'request_failed' })
  })

  it('stays what it was once it is told', () => {
    const error = new SendError('proxy_failed')
    expect(sendErrorOf(error)).toBe(error)
    expect(error.failure.class).toBe('ours')
    for (const nothing of [undefined, null, 'text', {}]) {
      expect(sendErrorOf(nothing).failure).toMatchObject({ class: 'network', code: 'request_failed' })
    }
  })
})
