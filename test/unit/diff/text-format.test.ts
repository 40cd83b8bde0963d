import { describe, expect, it } from 'vitest'
import { classify, textFormats } from '../../../src/diff/text-format.js'
import { Token } from '../../../src/diff/token.js'
import { bytesOf } from './fixtures/helpers.js'

function formatOf(text: string): string {
  const token = new Token()
  token.bytes = bytesOf(text)
  token.end = token.bytes.length
  token.measure(0)
  return textFormats[classify(token)]!
}

describe('the format of a text', () => {
  it.each([
    ['date', ['2024-02-29', '1999-12-31']],
    [
      'text',
      [
        '2023-02-29',
        '2024-13-01',
        '2024-00-10',
        'x',
        '12E3',
        '1.2.3',
        '1-2',
        '--1',
        '.',
        '1.',
        '2024-1-1',
        'é',
        'a@b',
        '12:99',
      ],
    ],
    ['date-time', ['2024-01-31T10:00:00Z', '2024-01-31t10:00:00.123+02:00']],
    ['date-time-local', ['2024-01-31T10:00:00', '2024-01-31T10:00']],
    ['date-time-space', ['2024-01-31 10:00:00', '2024-01-31 10:00:00+01']],
    ['date-slash', ['01/31/2024', '31/1/2024']],
    ['date-dot', ['31.01.2024', '1.2.2024']],
    ['time', ['10:00', '23:59:59', '10:00:00.5Z']],
    ['uuid', ['123e4567-e89b-12d3-a456-426614174000']],
    ['email', ['a@b.co', 'first.last+tag@sub.example.org']],
    ['uri', ['https://example.org/x?y=1', 'ftp://h']],
    ['digits', ['0', '42', '123456789012345678901']],
    ['code', ['007', '+49151', '-012']],
    ['decimal', ['-5', '1.50', '.5', '-0.1', '1.5e-3', '1e+5']],
    ['boolean', ['true', 'FALSE']],
  ])('%s', (format, texts) => {
    for (const text of texts) expect(formatOf(text), text).toBe(format)
  })
})
