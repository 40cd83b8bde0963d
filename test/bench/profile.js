import { parse } from 'csv-parse/sync'
import { profile } from 'drifthook/diff'
import { csvFile, jsonFile } from './data.js'
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
]
