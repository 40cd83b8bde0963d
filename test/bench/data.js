/** Files to measure with: made up, the same on every run. */

/** @param {number} seed */
function random(seed) {
  let state = seed
  /** From 0 up to, not including, `below`. (mulberry32) */
  return (/** @type {number} */ below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

const cities = ['Berlin', 'São Paulo', 'Łódź', 'Springfield', 'Zürich', 'Kraków', 'Reykjavík', 'New York']
const words = [
  'steel',
  'bolt',
  'washer',
  'M8',
  'galvanised',
  'hex',
  'long',
  'box of 100',
  '"special"',
  'left-hand',
]

/** @param {ReturnType<typeof random>} pick */
function order(pick, /** @type {number} */ id) {
  const date = new Date(Date.UTC(2025, pick(12), 1 + pick(28), pick(24), pick(60), pick(60)))
  return {
    id,
    reference: `PO-${String(100_000 + pick(900_000))}`,
    placed_at: date.toISOString(),
    status: ['open', 'shipped', 'invoiced'][pick(3)],
    customer: { number: `C${pick(5_000)}`, city: cities[pick(cities.length)], vip: pick(20) === 0 },
    note:
      pick(3) === 0 ? null : Array.from({ length: 1 + pick(6) }, () => words[pick(words.length)]).join(' '),
    lines: Array.from({ length: 1 + pick(5) }, (_, line) => ({
      line: line + 1,
      sku: `${pick(10)}${pick(10)}-${10_000 + pick(90_000)}`,
      quantity: 1 + pick(500),
      price: pick(1_000_000) / 100,
    })),
  }
}

/**
 * Orders with nested lines.
 * @param {number} size in bytes, about
 */
export function jsonFile(size) {
  const pick = random(1)
  const chunks = []
  for (let id = 1, length = 0; length < size; id++) {
    const chunk = Buffer.from(`${id === 1 ? '{"orders":[' : ','}${JSON.stringify(order(pick, id))}`)
    chunks.push(chunk)
    length += chunk.length
  }
  return Buffer.concat([...chunks, Buffer.from(']}')])
}

/** @param {string} text */
const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/**
 * One row per order; some cells quoted, some empty.
 * @param {number} size in bytes, about
 */
export function csvFile(size) {
  const pick = random(2)
  const chunks = [Buffer.from('id,reference,placed_at,status,customer,city,vip,note,sku,quantity,price\n')]
  for (let id = 1, length = 0; length < size; id++) {
    const { reference, placed_at, status, customer, note, lines } = order(pick, id)
    const { sku = '', quantity = 0, price = 0 } = lines[0] ?? {}
    const cells = [
      ...[id, reference, placed_at, status, customer.number, customer.city, customer.vip],
      ...[note ?? '', sku, quantity, price.toFixed(2)],
    ]
    const chunk = Buffer.from(`${cells.map((cell) => quoted(String(cell))).join(',')}\n`)
    chunks.push(chunk)
    length += chunk.length
  }
  return Buffer.concat(chunks)
}

/** @param {string} text */
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

/**
 * Orders with attributes and repeated lines.
 * @param {number} size in bytes, about
 */
export function xmlFile(size) {
  const pick = random(4)
  const chunks = [Buffer.from('<?xml version="1.0" encoding="UTF-8"?>\n<orders>\n')]
  for (let id = 1, length = 0; length < size; id++) {
    const { reference, placed_at, status, customer, note, lines } = order(pick, id)
    const items = lines.map(
      ({ line, sku, quantity, price }) =>
        `    <line no="${line}"><sku>${sku}</sku><quantity>${quantity}</quantity><price>${price}</price></line>\n`,
    )
    const text = `  <order id="${id}" status="${status}">
    <reference>${reference}</reference><placed>${placed_at}</placed>
    <customer number="${customer.number}"><city>${escaped(customer.city ?? '')}</city></customer>
    ${note === null ? '<note/>' : `<note>${escaped(note)}</note>`}
${items.join('')}  </order>\n`
    chunks.push(Buffer.from(text))
    length += Buffer.byteLength(text)
  }
  return Buffer.concat([...chunks, Buffer.from('</orders>\n')])
}

/**
 * One interchange of many purchase orders (850, 004010).
 * @param {number} size in bytes, about
 */
export function x12File(size) {
  const pick = random(5)
  const chunks = []
  let sets = 0
  for (let length = 0; length < size; ) {
    const { reference, lines } = order(pick, ++sets)
    const control = String(sets).padStart(4, '0')
    const segments = [
      `ST*850*${control}`,
      `BEG*00*SA*${reference}**20260301`,
      'REF*DP*038',
      'N1*ST*Warehouse North*92*0042',
      'N3*12 Harbour Road',
      'N4*Springfield*IL*62701*US',
      ...lines.map(
        ({ line, sku, quantity, price }) =>
          `PO1*${line}*${quantity}*EA*${price.toFixed(2)}**VP*${sku}*BP*B${sku}`,
      ),
      `CTT*${lines.length}`,
    ]
    const text = `${segments.join('~\n')}~\nSE*${segments.length + 1}*${control}~\n`
    chunks.push(Buffer.from(text))
    length += text.length
  }
  const parties = `ZZ*${'SENDER'.padEnd(15)}*ZZ*${'RECEIVER'.padEnd(15)}`
  const head = `ISA*00*${' '.repeat(10)}*00*${' '.repeat(10)}*${parties}*260301*1200*U*00401*000000001*0*P*>~\n`
  const group = 'GS*PO*SENDER*RECEIVER*20260301*1200*1*X*004010~\n'
  const tail = `GE*${sets}*1~\nIEA*1*000000001~\n`
  return Buffer.concat([Buffer.from(head + group), ...chunks, Buffer.from(tail)])
}

/** One order of about 2 KB. */
export function smallFile() {
  const pick = random(3)
  const one = order(pick, 1)
  while (JSON.stringify(one).length < 2_000) one.lines.push(...order(pick, 1).lines)
  return Buffer.from(JSON.stringify(one))
}

/**
 * Lines of one key each, all different.
 * @param {number} size in bytes, about
 */
function keyValueFile(size) {
  const pick = random(5)
  const lines = []
  // A thousand keys at most: an installation has so many settings, not as many as its file has bytes.
  const value = 'x'.repeat(Math.max(8, Math.floor(size / 1_000) - 20))
  for (let key = 0; key < 1_000; key++) lines.push(`setting_${key}=${pick(1_000)}${value}`)
  return Buffer.from(`${lines.join('\n')}\n`)
}

const makers = { json: jsonFile, csv: csvFile, xml: xmlFile, x12: x12File, 'key-value': keyValueFile }

/**
 * @param {string} format
 * @param {number} size in bytes, about
 */
export function fileOf(format, size) {
  const make = makers[/** @type {keyof typeof makers} */ (format)]
  if (make === undefined) throw new Error(`There is no format ${format}`)
  return Buffer.from(make(size))
}
