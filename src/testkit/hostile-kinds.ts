/** The ways in which a receiver can be hostile or broken, one line of behaviour each. */

import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { type Certificate, selfSigned } from './hostile-certificate.js'

export interface Behaviour {
  /** What a careful sender reports: this status, or that the request failed. */
  expected: number | 'failure'
  /** What a careful sender does, in a sentence. */
  good: string
  /** Done to each connection as it opens. Over TLS this is before the handshake. */
  connection?: (socket: Socket) => void
  /** Done at each request. */
  request?: (socket: Socket, url: string) => void
  /** Speaks TLS, with this certificate; `'none'` listens where TLS is expected and does not. */
  tls?: (() => Certificate) | 'none'
}

/** Slow enough to pass any deadline, quick enough that a pause between two bytes never looks like silence. */
const DRIP_MS = 20
/** What was said before a reset is to be read before it: some systems drop it otherwise. */
const PAUSE_MS = 20

const say = (bytes: string) => (socket: Socket) => {
  socket.write(bytes, 'latin1')
}
const close = (socket: Socket) => {
  socket.end()
}
const reset = (socket: Socket) => {
  socket.resetAndDestroy()
}
const sayAndClose = (bytes: string) => (socket: Socket) => {
  socket.end(bytes, 'latin1')
}
const sayAndReset = (bytes: string) => (socket: Socket) => {
  socket.write(bytes, 'latin1')
  setTimeout(reset, PAUSE_MS, socket)
}
/** A little now and then, for ever. */
const drip = (first: string, more: string) => (socket: Socket) => {
  socket.write(first, 'latin1')
  const timer = setInterval(() => socket.write(more, 'latin1'), DRIP_MS)
  socket.once('close', () => clearInterval(timer))
}
/** As much as the other side takes, for ever. */
const pour = (first: string, more: string) => (socket: Socket) => {
  const chunk = Buffer.from(more.repeat(Math.ceil(16_384 / more.length)), 'latin1')
  const on = (): void => {
    while (!socket.destroyed && socket.write(chunk)) {}
  }
  socket.on('drain', on)
  socket.write(first, 'latin1')
  on()
}
const atFirstBytes = (act: (socket: Socket) => void) => (socket: Socket) => {
  socket.once('data', () => act(socket))
}

const fine = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'
const endless = 'HTTP/1.1 200 OK\r\n\r\n'

const deadline = 'Gives up at its deadline.'
const says = 'Takes the status that was said; reads no further than its cap or its deadline.'
const malformed = 'Calls it a failure, and does not use the connection again.'
const handshake =
  'Calls it a failure, and leaves neither a socket nor memory behind, however often it happens.'

/** 16 MiB of zeros in 16 KiB, made for the first who asks. */
let bomb: Buffer | undefined
const zeros = (): Buffer => {
  bomb ??= gzipSync(Buffer.alloc(16 * 1024 * 1024), { level: 9 })
  return bomb
}

export const behaviours = {
  // Time
  'never-answers': { expected: 'failure', good: deadline, request: () => {} },
  'slow-headers': { expected: 'failure', good: deadline, request: drip('HTTP/1.1 200 OK\r\nx-slow: ', 'a') },
  'slow-body': { expected: 200, good: says, request: drip(endless, 'a') },
  'silent-body': { expected: 200, good: says, request: say(`${endless}half`) },

  // Size
  'endless-body': { expected: 200, good: says, request: pour(endless, 'a') },
  'endless-header': {
    expected: 'failure',
    good: 'Stops reading headers at a cap.',
    request: pour('HTTP/1.1 200 OK\r\nx-big: ', 'a'),
  },
  'endless-headers': {
    expected: 'failure',
    good: 'Stops reading headers at a cap, over all of them.',
    request: pour('HTTP/1.1 200 OK\r\n', 'x-many: a\r\n'),
  },
  'endless-trailers': { expected: 200, good: says, request: pour(`${chunked}0\r\n`, 'x-many: a\r\n') },
  'endless-chunk-extension': { expected: 200, good: says, request: pour(`${chunked}1;`, 'a') },
  'gzip-bomb': {
    expected: 200,
    good: 'Keeps the bytes as they came: 16 KiB, not the 16 MiB they inflate to.',
    request: (socket) => {
      const head = `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${zeros().length}\r\n\r\n`
      socket.write(head)
      socket.write(zeros())
    },
  },
  'endless-100': {
    expected: 'failure',
    good: 'Stops after a few interim answers.',
    request: pour('', 'HTTP/1.1 100 Continue\r\n\r\n'),
  },
  'endless-103': {
    expected: 'failure',
    good: 'Stops after a few interim answers.',
    request: pour('', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'),
  },

  // Redirects
  'redirects-to-itself': {
    expected: 308,
    good: 'Follows no redirect: one request.',
    request: (socket, url) => {
      socket.write(`HTTP/1.1 308 Permanent Redirect\r\nlocation: ${url}\r\ncontent-length: 0\r\n\r\n`)
    },
  },
  'redirects-inward': {
    expected: 307,
    good: 'Follows no redirect, least of all to an address that only it can reach.',
    request: say(
      'HTTP/1.1 307 Temporary Redirect\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n',
    ),
  },

  // Broken off
  'closes-at-once': { expected: 'failure', good: malformed, connection: close },
  'closes-unanswered': { expected: 'failure', good: malformed, request: close },
  'resets-at-once': { expected: 'failure', good: malformed, connection: reset },
  'resets-unanswered': { expected: 'failure', good: malformed, request: reset },
  'resets-after-status-line': {
    expected: 'failure',
    good: malformed,
    request: sayAndReset('HTTP/1.1 200 OK\r\n'),
  },
  'resets-after-headers': { expected: 200, good: says, request: sayAndReset(endless) },
  'resets-in-body': {
    expected: 200,
    good: says,
    request: sayAndReset('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'),
  },

  // Wrong lengths
  'length-too-long': {
    expected: 200,
    good: says,
    request: sayAndClose('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'),
  },
  'length-too-short': {
    expected: 200,
    good: 'Takes what belongs to the answer, and does not use the connection again.',
    request: say(`${fine}, and more`),
  },
  'length-negative': {
    expected: 'failure',
    good: malformed,
    request: say('HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n'),
  },
  'length-too-large-to-count': {
    expected: 'failure',
    good: malformed,
    request: say(`HTTP/1.1 200 OK\r\ncontent-length: ${'9'.repeat(30)}\r\n\r\nok`),
  },
  'two-lengths': {
    expected: 'failure',
    good: malformed,
    request: say('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nok'),
  },
  'length-and-chunks': {
    expected: 'failure',
    good: malformed,
    request: say('HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'),
  },
  'chunk-size-malformed': { expected: 200, good: says, request: say(`${chunked}zz\r\nok\r\n0\r\n\r\n`) },
  'chunk-size-too-large': { expected: 200, good: says, request: say(`${chunked}${'f'.repeat(30)}\r\nok`) },
  'body-of-204': {
    expected: 204,
    good: 'Knows that this status has no body, and does not use the connection again.',
    request: say('HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello'),
  },
  'second-response': {
    expected: 503,
    good: 'Takes the first answer, and never the second one for its next request.',
    request: say(`HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n${fine}`),
  },

  // Not HTTP
  'another-protocol': { expected: 'failure', good: malformed, connection: say('SSH-2.0-OpenSSH_9.2\r\n') },
  'http-0.9': { expected: 'failure', good: malformed, request: sayAndClose('<html>ok</html>') },
  'http-2': { expected: 'failure', good: malformed, request: say('HTTP/2 200\r\n\r\n') },
  'status-not-a-number': { expected: 'failure', good: malformed, request: say('HTTP/1.1 two OK\r\n\r\n') },
  'status-too-long': { expected: 'failure', good: malformed, request: say('HTTP/1.1 2000 OK\r\n\r\n') },
  'header-without-colon': {
    expected: 'failure',
    good: malformed,
    request: say('HTTP/1.1 200 OK\r\nbad header\r\n\r\n'),
  },
  'header-with-nul': {
    expected: 'failure',
    good: malformed,
    request: say('HTTP/1.1 200 OK\r\nx-nul: a\0b\r\n\r\n'),
  },
  'header-with-cr': {
    expected: 'failure',
    good: malformed,
    request: say('HTTP/1.1 200 OK\r\nx-a: b\rx-injected: c\r\n\r\n'),
  },
  upgrades: {
    expected: 'failure',
    good: 'Changes to no protocol it did not ask for.',
    request: say('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
  },

  // TLS
  'tls-silent': { expected: 'failure', good: deadline, tls: 'none' },
  'tls-plain-text': {
    expected: 'failure',
    good: handshake,
    tls: 'none',
    connection: atFirstBytes(say('HTTP/1.1 400 Bad Request\r\n\r\n')),
  },
  'tls-garbage': {
    expected: 'failure',
    good: handshake,
    tls: 'none',
    // A ServerHello by its first bytes, and nothing of the sort after them.
    connection: atFirstBytes(say(`\x16\x03\x03\x00\x30\x02\x00\x00\x2c${'\xff'.repeat(44)}`)),
  },
  'tls-closes': { expected: 'failure', good: handshake, tls: 'none', connection: atFirstBytes(close) },
  'tls-resets': { expected: 'failure', good: handshake, tls: 'none', connection: atFirstBytes(reset) },
  'tls-self-signed': { expected: 'failure', good: handshake, tls: () => selfSigned(30), request: say(fine) },
  'tls-expired': { expected: 'failure', good: handshake, tls: () => selfSigned(-30), request: say(fine) },
  'tls-wrong-name': {
    expected: 'failure',
    good: handshake,
    tls: () => selfSigned(30, 'another.test'),
    request: say(fine),
  },
} as const satisfies Record<string, Behaviour>
