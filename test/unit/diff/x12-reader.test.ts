import { describe, expect, it } from 'vitest'
import { readHeader } from '../../../src/diff/formats/x12-reader.js'
import { detectFormat, profile } from '../../../src/diff/index.js'
import { bytesOf, errorOf } from './fixtures/helpers.js'
import {
  interchange,
  profileX12,
  segmentsOf,
  spell,
  type TransactionSet,
  valuePaths,
} from './fixtures/x12.js'

const order: TransactionSet = [
  '850',
  'BEG*00*SA*77**20240301',
  'N1*ST*STORE',
  'PO1*1*5*EA',
  'PO1*2*6*EA',
  'CTT*2',
]
const expected = [
  '850.BEG.BEG01',
  '850.BEG.BEG02',
  '850.BEG.BEG03',
  '850.BEG.BEG05',
  '850.N1[ST].N102',
  '850.PO1[].PO101',
  '850.PO1[].PO102',
  '850.PO1[].PO103',
]
const findingsOf = (text: string) => profileX12(text).findings.map(({ code, path }) => `${code} ${path}`)

describe('delimiters', () => {
  it.each([
    ['the usual', {}],
    ['a bar', { element: '|', component: '!' }],
    ['group separators', { element: '\u001d', component: '\u001f', terminator: '\u001e' }],
    ['line feeds', { terminator: '\n' }],
    ['carriage returns', { terminator: '\r' }],
    ['CR LF', { terminator: '\r\n' }],
    ['CR LF behind the terminator', { terminator: '~\r\n' }],
    ['nothing behind the terminator', { terminator: '~' }],
    ['blank lines', { terminator: '~\n\n  ' }],
    ['a backslash', { component: '~', terminator: '\\' }],
    ['a terminator of several bytes', { terminator: '…' }],
    ['a doubled terminator', { terminator: '~~' }],
  ])('%s', (_, spelling) => {
    const text = interchange([order], spelling)
    for (const start of ['', '\ufeff', ' \r\n\t', '\ufeff\n']) {
      expect(detectFormat(bytesOf(start + text)).format).toBe('x12')
      const { root, findings } = profileX12(start + text)
      expect(valuePaths(root)).toEqual(expected)
      expect(findings).toEqual([])
    }
  })

  it.each([
    ['00401', 'U', -1],
    ['00401', '^', -1],
    ['00402', '^', 94],
    ['00501', '^', 94],
    ['00501', 'U', -1],
    ['00501', '5', -1],
    ['00501', ' ', -1],
    ['00501', '*', null],
    ['00501', '>', -1],
    ['00501', '~', -1],
  ])('repetition: version %s with ISA11 %j', (version, eleventh, separator) => {
    const text = interchange([order], { interchange: version, eleventh })
    const header = readHeader(bytesOf(text), 0)
    if (separator === null) expect(header?.exact ?? false).toBe(false)
    else expect(header?.repetition).toBe(separator)
  })

  it('each interchange has its own', () => {
    const text =
      interchange([order], { terminator: '\n' }) + interchange([order], { element: '|', component: ':' })
    const { root, findings } = profileX12(text)
    expect(valuePaths(root)).toEqual(expected)
    expect(root.children.get('850')!.types.object).toBe(2)
    expect(findings).toEqual([])
  })

  it('an ISA of another width is counted, and noted', () => {
    const text = interchange([order]).replace(/ {3,}/g, ' ')
    expect(valuePaths(profileX12(text).root)).toEqual(expected)
    expect(profileX12(text).findings).toEqual([
      { code: 'interchange-width', path: '$', count: 1, first: { line: 1, column: 1, byte: 0, segment: 1 } },
    ])
  })

  it('a file wrapped at a fixed width reads as if it were not', () => {
    const wrap = (text: string, width: number) => text.replace(new RegExp(`(.{${width}})`, 'g'), '$1\r\n')
    const text = interchange([order], { terminator: '~' })
    for (const width of [106, 80, 53, 31]) {
      expect(valuePaths(profileX12(wrap(text, width)).root)).toEqual(expected)
    }
  })

  it('binary data has the length it says', () => {
    const data = 'any~byte*at:all>^\n'
    const text = interchange([['275', `BIN*${data.length}*${data}`, 'NTE**x']], { terminator: '~' })
    const { root, findings } = profileX12(text)
    expect(valuePaths(root)).toEqual(['275.BIN.BIN01', '275.BIN.BIN02', '275.NTE[].NTE02'])
    expect(findings).toEqual([])
    expect(() => profileX12(text.replace('BIN*18', 'BIN*9999999999'))).toThrow(/outside|identifier|element/)
  })
})

describe('a damaged file', () => {
  const segments = segmentsOf([order])
  const without = (id: string) => spell(segments.filter((segment) => !segment.startsWith(id)))
  const text = spell(segments)

  it.each([
    ['no IEA', without('IEA'), 'ends before IEA', 10],
    ['no GE and IEA', without('GE*').replace(/IEA.*\n/, ''), 'ends before GE', 9],
    ['cut inside a segment', text.slice(0, text.indexOf('PO1*2') + 7), 'cut off inside a segment', 7],
    ['cut inside ISA', text.slice(0, 60), 'ISA segment does not have 16 elements', 1],
    ['junk before', `xx${text}`, 'does not start with an ISA', 1],
    ['no GS', without('GS*'), 'outside a functional group', 2],
    ['no ST', without('ST*'), 'outside a transaction set', 3],
    ['no ISA', text.slice(text.indexOf('GS*')), 'does not start with an ISA', 1],
    ['ST without a set', text.replace('ST*850', 'ST*'), 'does not name a transaction set', 3],
    ['a segment without identifier', text.replace('N1*ST', '*ST'), 'has no identifier', 5],
    ['prose for a segment', text.replace('N1*ST', 'hello world'), 'has no identifier', 5],
    ['bare ST to SE', spell(segments.slice(2, -2)), 'does not start with an ISA', 1],
  ])('%s is refused with its place', (_, damaged, message, segment) => {
    const error = errorOf(() => profile(bytesOf(damaged), { format: 'x12' }))
    expect(error.code).toBe('FILE_MALFORMED')
    expect(error.message).toContain(message)
    expect(error.place).toMatchObject({ segment, line: segment, byte: expect.any(Number) })
  })

  it.each([
    ['SE01', text.replace('SE*7', 'SE*9'), 'segment-count 850'],
    ['SE02', text.replace(/SE\*7\*\d+/, 'SE*7*0099'), 'control-number 850'],
    ['GE01', text.replace('GE*1', 'GE*2'), 'set-count $'],
    ['GE02', text.replace('GE*1*1', 'GE*1*9'), 'control-number $'],
    ['IEA01', text.replace('IEA*1', 'IEA*x'), 'group-count $'],
    ['IEA02', text.replace(/IEA\*1\*0+1/, 'IEA*1*000000002'), 'control-number $'],
    ['CTT01', text.replace('CTT*2', 'CTT*3'), 'line-count 850'],
    ['no SE', without('SE*'), 'missing-trailer 850'],
    ['no GE', without('GE*'), 'missing-trailer $'],
    ['words behind IEA', `${text}\nsent by mail\n`, 'trailing-data $'],
    ['segments behind IEA', `${text}GS*PO~\n`, 'trailing-data $'],
  ])('%s is a finding', (_, damaged, finding) => {
    expect(findingsOf(damaged)).toEqual([finding])
    expect(valuePaths(profileX12(damaged).root)).toEqual(expected)
  })

  it('an interchange that follows one without IEA is a finding too', () => {
    expect(findingsOf(without('IEA') + text)).toEqual(['missing-trailer $'])
  })

  it('what ends well is well: no last terminator, Ctrl-Z, blanks', () => {
    for (const end of ['', '~', '~\u001a', '~\r\n\r\n', '~\n \u0000']) {
      expect(findingsOf(text.trimEnd().slice(0, -1) + end)).toEqual([])
    }
  })

  it('leading zeros of control numbers fill the field only', () => {
    expect(findingsOf(text.replace(/IEA\*1\*0+1/, 'IEA*1*1'))).toEqual([])
  })

  it('is never a crash, whatever byte is wrong', () => {
    const bytes = bytesOf(text)
    for (let i = 0; i < bytes.length; i++) {
      for (const byte of [0, 10, 42, 62, 65, 126, 255]) {
        const damaged = bytes.slice()
        damaged[i] = byte
        for (const file of [damaged, damaged.subarray(0, i)]) {
          try {
            profile(file, { format: 'x12' })
          } catch (error) {
            expect((error as { code?: string }).code).toMatch(/^F/)
          }
        }
      }
    }
  })

  it.each([
    ['records', 5],
    ['columns', 16],
    ['depth', 1],
    ['paths', 6],
  ])('has the limit of %s', (name, value) => {
    const wide = text.replace('N1*ST*STORE', `N1*ST*STORE${'*x'.repeat(20)}`)
    const error = errorOf(() => profile(bytesOf(wide), { format: 'x12', limits: { [name]: value } }))
    expect(error).toMatchObject({ code: 'FILE_LIMIT_EXCEEDED', limit: { name, value } })
    expect(error.place?.segment).toBeGreaterThan(0)
  })
})
