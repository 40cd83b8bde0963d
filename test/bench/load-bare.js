/** The same by hand: multer keeps the file in memory, the handler parses it and compares it with jsondiffpatch. */
import { parse } from 'csv-parse/sync'
import express from 'express'
import { XMLParser } from 'fast-xml-parser'
import { create } from 'jsondiffpatch'
import multer from 'multer'
import { fileOf } from './data.js'
import { serve } from './load-watch.js'

const xml = new XMLParser({ ignoreAttributes: false })
const lines = (/** @type {string} */ text) => text.split(/\r?\n/)
/** @type {Record<string, (text: string) => unknown>} */
const parsers = {
  json: (text) => JSON.parse(text),
  csv: (text) => parse(text, { columns: true }),
  xml: (text) => xml.parse(text),
  x12: (text) => text.split('~').map((segment) => segment.split('*')),
  'key-value': (text) => Object.fromEntries(lines(text).map((line) => line.split('='))),
}
const format = process.argv[2] ?? 'json'
const read = parsers[format]
if (read === undefined) throw new Error(`There is no format ${format}`)
const differ = create({
  objectHash: (/** @type {any} */ item) => item.id ?? JSON.stringify(item).slice(0, 40),
})
const expected = read(fileOf(format, 200_000).toString())

const upload = multer({ storage: multer.memoryStorage(), limits: { fileSize: 30 * 1024 * 1024 } })
const app = express()
// Else it prints what it refuses.
app.set('env', 'test')
app.post('/upload', upload.single('file'), (req, res) => {
  const drift = differ.diff(expected, read(String(req.file?.buffer)))
  res.json({ success: true, has_drift: drift !== undefined })
})
serve(app, '/upload')
