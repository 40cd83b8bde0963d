import { Pool } from 'undici'
import { startChild } from './child.js'
import { smallFile } from './data.js'
import { rate } from './measure.js'

const uploads = 3_000
const connections = 32

/** @type {import('./measure.js').Row} */
export const uploadsRow = {
  id: 'uploads',
  what: 'small uploads per second (2 KB JSON), memory storage',
  against: 'bare Express + multer + `JSON.parse`',
  unit: '/s',
  ratio: 'rate',
  reach: { text: '≥ 0.5 ×', holds: (ratio) => ratio >= 0.5 },
  prepare: async () => {
    const sides = await Promise.all(['./upload-server.js', './bare-server.js'].map(sideOf))
    const [ours, theirs] = sides.map(
      ({ send }) =>
        () =>
          rate(uploads, send),
    )
    if (!ours || !theirs) throw new Error('two sides are compared')
    return { ours, theirs, end: async () => void (await Promise.all(sides.map(({ end }) => end()))) }
  },
}

const boundary = 'drifthook-bench'
const body = Buffer.concat([
  Buffer.from(
    `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="order.json"\r\n` +
      'content-type: application/json\r\n\r\n',
  ),
  smallFile(),
  Buffer.from(`\r\n--${boundary}--\r\n`),
])

/** @param {string} file */
async function sideOf(file) {
  const server = await startChild(file)
  const url = new URL(String(server.ready.url))
  const pool = new Pool(url.origin, { connections })
  const request = {
    path: url.pathname,
    method: /** @type {const} */ ('POST'),
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body,
  }
  return {
    send: async () => {
      let left = uploads
      const loop = async () => {
        while (left-- > 0) {
          const response = await pool.request(request)
          const text = await response.body.text()
          if (response.statusCode !== 200) throw new Error(`${file} answered ${response.statusCode} ${text}`)
        }
      }
      await Promise.all(Array.from({ length: connections }, loop))
    },
    end: async () => {
      await pool.close()
      await server.end()
    },
  }
}
