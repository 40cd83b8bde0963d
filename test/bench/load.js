/**
 * Many uploads at once: how long the server's event loop is held up, and its peak of memory, beside a server
 * that does the same by hand. Each measurement has a process of its own. Then how soon a body of 300 MB is refused.
 *
 *   node test/bench/load.js             everything
 *   node test/bench/load.js --quick     small files only
 */
import { request } from 'node:http'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { Pool } from 'undici'
import { startChild } from './child.js'
import { fileOf } from './data.js'

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const mb = 1024 * 1024
const loads = [
  ...(values.quick ? [] : [{ format: 'json', clients: 10, bytes: 30 * mb - 100_000 }]),
  ...['json', 'csv', 'xml', 'x12', 'key-value'].flatMap((format) =>
    [10, 50].map((clients) => ({ format, clients, bytes: 2 * mb })),
  ),
]

const boundary = 'drifthook-bench'
/** @param {Buffer} file */
const form = (file) =>
  Buffer.concat([
    Buffer.from(
      `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="orders"\r\n` +
        'content-type: application/octet-stream\r\n\r\n',
    ),
    file,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ])
const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` }

/**
 * @param {string} server
 * @param {{ format: string, clients: number, bytes: number }} load
 */
async function measured(server, { format, clients, bytes }) {
  const child = await startChild(server, [format])
  const url = new URL(String(child.ready.url))
  const pool = new Pool(url.origin, { connections: clients, headersTimeout: 600_000, bodyTimeout: 600_000 })
  const body = form(fileOf(format, bytes))
  const send = async () => {
    const response = await pool.request({ path: url.pathname, method: 'POST', headers, body })
    const text = await response.body.text()
    if (response.statusCode !== 200) throw new Error(`${server} answered ${response.statusCode} ${text}`)
  }
  try {
    await child.ask('watch')
    const begun = performance.now()
    await Promise.all(Array.from({ length: clients }, send))
    const seconds = (performance.now() - begun) / 1000
    const { p99Ms, peakMb } = await child.ask('tell')
    return { seconds, p99Ms: Number(p99Ms), peakMb: Number(peakMb) }
  } finally {
    await pool.close()
    await child.end()
  }
}

/**
 * Milliseconds until the first byte of the answer to a body that is ten times too large.
 * @param {string} server
 * @param {boolean} declared whether its length is said beforehand
 */
async function refusal(server, declared) {
  const child = await startChild(server, ['json'])
  const size = 300 * mb
  const chunk = Buffer.alloc(64 * 1024, '{"orders":[1,2,3]}\n')
  const head = form(chunk).subarray(0, 200)
  try {
    return await new Promise((resolve) => {
      const begun = performance.now()
      const length = declared ? { 'content-length': size } : {}
      const sending = request(String(child.ready.url), { method: 'POST', headers: { ...headers, ...length } })
      const end = () => {
        resolve(performance.now() - begun)
        sending.destroy()
      }
      // Who cuts the connection without an answer has given none.
      sending.on('response', end).on('error', () => resolve(Number.NaN))
      let sent = head.length
      sending.write(head)
      const more = () => {
        while (sent < size - chunk.length && !sending.destroyed) {
          sent += chunk.length
          if (!sending.write(chunk)) return void sending.once('drain', more)
        }
      }
      more()
    })
  } finally {
    await child.end()
  }
}

const format = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })
const figure = (/** @type {number} */ value) => (Number.isNaN(value) ? 'no answer' : format.format(value))

console.log(
  '| files at once | loop delay p99, ms | by hand | ratio | peak memory, MB | by hand | ratio | all answered, s | by hand |',
)
console.log('|---|--:|--:|--:|--:|--:|--:|--:|--:|')
for (const load of loads) {
  const ours = await measured('./load-ours.js', load)
  const theirs = await measured('./load-bare.js', load)
  const cells = [
    `${load.clients} × ${Math.round(load.bytes / mb)} MB ${load.format}`,
    figure(ours.p99Ms),
    figure(theirs.p99Ms),
    `${(ours.p99Ms / theirs.p99Ms).toFixed(3)} ×`,
    figure(ours.peakMb),
    figure(theirs.peakMb),
    `${(ours.peakMb / theirs.peakMb).toFixed(2)} ×`,
    figure(ours.seconds),
    figure(theirs.seconds),
  ]
  console.log(`| ${cells.join(' | ')} |`)
}

console.log('\n| a body of 300 MB | first byte of the refusal, ms | by hand |')
console.log('|---|--:|--:|')
for (const declared of [true, false]) {
  const [ours, theirs] = [await refusal('./load-ours.js', declared), await refusal('./load-bare.js', declared)]
  console.log(`| ${declared ? 'with' : 'without'} Content-Length | ${figure(ours)} | ${figure(theirs)} |`)
}
