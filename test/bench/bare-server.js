/** What the same upload costs without drifthook: Express, multer in memory, `JSON.parse`. */
import express from 'express'
import multer from 'multer'

const upload = multer({ storage: multer.memoryStorage(), limits: { fileSize: 30 * 1024 * 1024 } })
const app = express()
app.post('/upload', upload.single('file'), (req, res) => {
  const order = JSON.parse(String(req.file?.buffer))
  res.json({ success: true, lines: order.lines.length })
})

const server = app.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  process.send?.({ url: `http://127.0.0.1:${port}/upload` })
})
// Whoever started this process is gone.
process.on('disconnect', () => process.exit())
