/** Pairs of tables for the measure of renames: real versions with their renames, and made-up ones without any. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'csv-parse/sync'

/**
 * @typedef {{ names: string[], rows: string[][] }} Table
 * @typedef {{ id: string, source: string, before: Table, after: Table, renames: [string, string][] }} Pair
 */

/** Random numbers that are the same in every run. @param {number} seed */
export function random(seed) {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 0x1_0000_0000
  }
}

/** @template T @param {readonly T[]} list @param {() => number} next @returns {T[]} */
export function shuffled(list, next) {
  const copy = [...list]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1))
    ;[copy[i], copy[j]] = [/** @type {T} */ (copy[j]), /** @type {T} */ (copy[i])]
  }
  return copy
}

/** @param {Table} table */
export function csvText({ names, rows }) {
  const field = (/** @type {string} */ text) =>
    /[",;\t|\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  return [names, ...rows].map((row) => row.map(field).join(',')).join('\n')
}

function corpusFolder() {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const candidate = join(folder, '..', 'shared', 'corpora', 'renames')
    if (existsSync(candidate)) return candidate
    if (folder === dirname(folder)) return null
  }
}

/** The labelled pairs of versions of public files; those whose files are missing are said, not failed. */
export function corpusPairs() {
  const folder = corpusFolder()
  if (folder === null) return { pairs: /** @type {Pair[]} */ ([]), missing: ['../shared/corpora/renames'] }
  const missing = []
  const pairs = []
  for (const { id, source, renames } of JSON.parse(readFileSync(join(folder, 'pairs.json'), 'utf8'))) {
    const files = ['old', 'new'].map((side) => join(folder, `${id}.${side}.csv`))
    if (!files.every((file) => existsSync(file))) {
      missing.push(id)
      continue
    }
    const [before, after] = files.map((file) => readTable(readFileSync(file)))
    pairs.push(/** @type {Pair} */ ({ id, source, before, after, renames }))
  }
  return { pairs, missing }
}

/** @param {Buffer} bytes @returns {Table} */
function readTable(bytes) {
  const header = bytes.subarray(0, Math.max(0, bytes.indexOf(10))).toString()
  const delimiter = header.split(';').length > header.split(',').length ? ';' : ','
  const options = { bom: true, delimiter, relax_column_count: true, relax_quotes: true }
  const [names = [], ...rows] = parse(bytes, options)
  return { names, rows: rows.map((/** @type {string[]} */ row) => names.map((_, i) => row[i] ?? '')) }
}

/**
 * Real tables of which a third or a half of the columns went and columns of a file about something else came,
 * in their places or anywhere.
 * @param {readonly Pair[]} pairs
 * @param {number} [seed]
 * @returns {Pair[]}
 */
export function strangerPairs(pairs, seed = 1) {
  return pairs.map(({ id, source, before }, i) => {
    const next = random(i + seed)
    const made = inventions.filter(({ about }) => !related(source, about))
    const stranger = tableOf(/** @type {Invention} */ (made[i % made.length]), 100, next)
    const share = i % 2 === 0 ? 1 / 2 : 1 / 3
    const most = Math.min(stranger.names.length, Math.max(1, Math.floor(before.names.length * share)))
    return {
      id: `s${id}`,
      source: 'stranger',
      ...exchanged(before, stranger, most, i % 4 < 2, next),
      renames: [],
    }
  })
}

/** Made-up tables of which some columns went and some of another trade came. @param {number} [seed] @returns {Pair[]} */
export function inventedPairs(seed = 7) {
  return inventions.flatMap((one, i) =>
    inventions.flatMap((other, j) => {
      if (i === j) return []
      const next = random(100 * i + j + seed)
      const [before, stranger] = [tableOf(one, 150, next), tableOf(other, 150, next)]
      const count = 1 + Math.floor(next() * 5)
      const tables = exchanged(before, stranger, count, (i + j) % 2 === 0, next)
      return [{ id: `${one.about}/${other.about}`, source: 'invented', ...tables, renames: [] }]
    }),
  )
}

/** @param {string} source @param {string} about */
function related(source, about) {
  return /power/.test(source)
    ? about === 'sensors'
    : /covid/.test(source)
      ? about === 'clinic'
      : about === 'hotels'
}

/**
 * @param {Table} table @param {Table} stranger @param {number} count @param {boolean} inPlace
 * @param {() => number} next
 */
function exchanged(table, stranger, count, inPlace, next) {
  const known = new Set(stranger.names)
  const going = shuffled(
    table.names.map((_, i) => i).filter((i) => !known.has(table.names[i] ?? '')),
    next,
  )
  const gone = new Set(going.slice(0, count))
  const coming = shuffled(
    stranger.names.map((_, i) => i).filter((i) => !table.names.includes(stranger.names[i] ?? '')),
    next,
  )
  /** @type {{ side: Table, at: number }[]} */
  const columns = []
  for (const i of table.names.keys()) {
    if (!gone.has(i)) columns.push({ side: table, at: i })
    else if (inPlace) {
      const at = coming.pop()
      if (at !== undefined) columns.push({ side: stranger, at })
    }
  }
  if (!inPlace) {
    for (const at of coming.slice(0, count)) {
      columns.splice(Math.floor(next() * (columns.length + 1)), 0, { side: stranger, at })
    }
  }
  const half = Math.floor(table.rows.length / 2)
  const rows = table.rows
    .slice(half)
    .map((row, r) =>
      columns.map(
        ({ side, at }) => (side === table ? row : stranger.rows[r % stranger.rows.length])?.[at] ?? '',
      ),
    )
  const names = columns.map(({ side, at }) => side.names[at] ?? '')
  return { before: { names: table.names, rows: table.rows.slice(0, half) }, after: { names, rows } }
}

/** @typedef {{ about: string, columns: Record<string, (next: () => number, row: number) => unknown> }} Invention */

const pick = (/** @type {() => number} */ next, /** @type {string} */ words) => {
  const list = words.split(' ')
  return list[Math.floor(next() * list.length)]
}
const whole = (/** @type {number} */ from, /** @type {number} */ to) => (/** @type {() => number} */ next) =>
  Math.floor(from + next() * (to - from))
const money = (/** @type {number} */ to) => (/** @type {() => number} */ next) => (next() * to).toFixed(2)
const day = (/** @type {() => number} */ next) =>
  new Date(Date.UTC(2023, 0, 1) + Math.floor(next() * 700) * 864e5).toISOString().slice(0, 10)
const moment = (/** @type {() => number} */ next) =>
  new Date(Date.UTC(2023, 0, 1) + Math.floor(next() * 6e10)).toISOString()
const coded =
  (/** @type {string} */ prefix, /** @type {number} */ digits) => (/** @type {() => number} */ next) =>
    `${prefix}${String(Math.floor(next() * 10 ** digits)).padStart(digits, '0')}`
const person = (/** @type {() => number} */ next) =>
  `${pick(next, 'Ann Bob Cleo Dan Eva Finn Gus Ida')} ${pick(next, 'Smith Jones Garcia Novak Berg Rossi Kim')}`
const prose = (/** @type {() => number} */ next) =>
  Array.from({ length: 3 + Math.floor(next() * 6) }, () =>
    pick(next, 'late box green paper left again some work near field open three'),
  ).join(' ')
const some =
  (/** @type {(next: () => number, row: number) => unknown} */ make) =>
  (/** @type {() => number} */ next, /** @type {number} */ row) =>
    next() < 0.4 ? '' : make(next, row)

/** @type {Invention[]} */
const inventions = [
  {
    about: 'orders',
    columns: {
      order_id: (_, row) => 10_000 + row,
      order_date: day,
      customer: person,
      sku: coded('SK-', 5),
      quantity: whole(1, 40),
      unit_price: money(90),
      discount: money(9),
      ship_city: (next) => pick(next, 'Oslo Lyon Turin Graz Gent Bonn'),
      ship_zip: coded('', 5),
      status: (next) => pick(next, 'open paid sent done'),
      remark: some(prose),
    },
  },
  {
    about: 'staff',
    columns: {
      badge: coded('B', 6),
      surname: (next) => pick(next, 'Smith Jones Garcia Novak Berg Rossi Kim'),
      hired_on: day,
      salary: whole(30_000, 90_000),
      team: (next) => pick(next, 'sales legal research support'),
      manager_badge: coded('B', 6),
      vacation_days: whole(20, 31),
      part_time: (next) => pick(next, 'true false'),
      email: (next) => `${pick(next, 'ann bob cleo dan')}${whole(1, 999)(next)}@example.com`,
      office_floor: whole(0, 12),
    },
  },
  {
    about: 'sensors',
    columns: {
      device: coded('dev-', 4),
      measured_at: moment,
      temperature_c: (next) => (next() * 60 - 20).toFixed(1),
      humidity_pct: whole(0, 100),
      battery_mv: whole(2_800, 4_200),
      firmware: (next) => `${whole(1, 4)(next)}.${whole(0, 20)(next)}.${whole(0, 9)(next)}`,
      alarm: (next) => pick(next, 'true false'),
      altitude: whole(0, 2_000),
      signal_dbm: whole(-120, -40),
      gateway: coded('gw', 2),
    },
  },
  {
    about: 'books',
    columns: {
      isbn: coded('978', 10),
      title: prose,
      author: person,
      pages: whole(60, 900),
      published: whole(1950, 2024),
      binding: (next) => pick(next, 'hardcover paperback spiral'),
      shelf: (next) => `${pick(next, 'A B C D')}${whole(1, 60)(next)}`,
      loans: whole(0, 400),
      last_loan: day,
      blurb: some(prose),
    },
  },
  {
    about: 'clinic',
    columns: {
      patient_no: coded('P', 7),
      birth_year: whole(1930, 2020),
      blood_group: (next) => pick(next, 'A+ A- B+ B- AB+ O+ O-'),
      admitted: moment,
      ward: (next) => pick(next, 'W1 W2 W3 ICU'),
      pulse: whole(45, 140),
      weight_kg: (next) => (40 + next() * 70).toFixed(1),
      diagnosis: (next) => `${pick(next, 'A C E I J K')}${whole(10, 99)(next)}.${whole(0, 9)(next)}`,
      insurer: (next) => pick(next, 'Alpha Medica Vita Nova'),
      allergies: some(prose),
    },
  },
  {
    about: 'hotels',
    columns: {
      hotel: (next) => `Hotel ${pick(next, 'Adler Bellevue Central Dom Europa')}`,
      stars: whole(1, 6),
      rooms: whole(8, 400),
      rate: money(300),
      pool: (next) => pick(next, 'yes no'),
      phone: (next) => `+${whole(30, 49)(next)} ${whole(100, 999)(next)} ${whole(10_000, 99_999)(next)}`,
      website: (next) =>
        `https://www.${pick(next, 'adler bellevue central dom')}${whole(1, 99)(next)}.example`,
      opened: day,
      breakfast_from: (next) => `0${whole(6, 9)(next)}:30`,
      review: some(prose),
    },
  },
]

/** @param {Invention} invention @param {number} count @param {() => number} next @returns {Table} */
function tableOf({ columns }, count, next) {
  const rows = Array.from({ length: count * 2 }, (_, row) =>
    Object.values(columns).map((make) => String(make(next, row))),
  )
  return { names: Object.keys(columns), rows }
}
