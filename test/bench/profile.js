import { parse } from 'csv-parse/sync'
import { profile } from 'drifthook/diff'
import { SaxesParser } from 'saxes'
import { csvFile, jsonFile, x12File, xmlFile } from './data.js'
import { rate } from './measure.js'

const megabytes = 30
const size = megabytes * 1e6

/** @type {import('./measure.js').Row[]} */
export const profileRows = [
  {
    id: 'json',
    what: '30 MB JSON bytes → profile',
    against: '`toString` + `JSON.parse`',
    unit: 'MB/s',
    ratio: 'time',
    reach: { text: '≤ 1.0 ×', holds: (ratio) => ratio <= 1 },
    prepare: async () => {
      const bytes = jsonFile(size)
      return {
        ours: () => rate(megabytes, () => profile(bytes, { format: 'json' })),
        theirs: () => rate(megabytes, () => JSON.parse(bytes.toString())),
      }
    },
  },
  {
    id: 'csv',
    what: '30 MB CSV bytes → profile',
    against: 'csv-parse, arrays',
    unit: 'MB/s',
    ratio: 'time',
    reach: { text: '≤ 1.3 ×', holds: (ratio) => ratio <= 1.3 },
    prepare: async () => {
      const bytes = csvFile(size)
      return {
        ours: () => rate(megabytes, () => profile(bytes, { format: 'csv' })),
        theirs: () => rate(megabytes, () => parse(bytes)),
      }
    },
  },
  {
    id: 'xml',
    what: '30 MB XML bytes → profile',
    against: 'saxes alone, resolving namespaces',
    unit: 'MB/s',
    ratio: 'time',
    reach: { text: '≤ 2 ×', holds: (ratio) => ratio <= 2 },
    prepare: async () => {
      const bytes = xmlFile(size)
      return {
        ours: () => rate(megabytes, () => profile(bytes, { format: 'xml' })),
        theirs: () =>
          rate(megabytes, () => {
            const parser = new SaxesParser({ xmlns: true })
            let seen = 0
            parser.on('opentag', () => seen++)
            parser.on('text', () => seen++)
            parser.write(bytes.toString()).close()
            return seen
          }),
      }
    },
  },
  {
    id: 'x12',
    what: '30 MB X12 bytes → profile',
    against: 'splitting into elements',
    unit: 'MB/s',
    ratio: 'time',
    reach: { text: '≤ 2 ×', holds: (ratio) => ratio <= 2 },
    prepare: async () => {
      const bytes = x12File(size)
      return {
        ours: () => rate(megabytes, () => profile(bytes, { format: 'x12' })),
        theirs: () =>
          rate(megabytes, () =>
            bytes
              .toString('latin1')
              .split('~')
              .map((segment) => segment.trim().split('*')),
          ),
      }
    },
  },
]
