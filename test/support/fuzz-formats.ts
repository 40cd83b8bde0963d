/** Files of every format, spoilt by a seeded hand: whatever comes of it is a profile or a located refusal. */
import fc from 'fast-check'
import { builtInFormats, compare, detectFormat, profile, toSchema } from '../../src/diff/index.js'
import { isDrifthookError } from '../../src/errors.js'

const isa = `ISA*00*${' '.repeat(10)}*00*${' '.repeat(10)}*ZZ*${'S'.padEnd(15)}*ZZ*${'R'.padEnd(15)}*260301*1200*^*00501*000000001*0*P*>~`
const seeds = [
  '{"orders":[{"id":1,"sku":"KX-1","price":1.50,"at":"2026-03-01T12:00:00Z","tags":["a","b"],"note":null}]}',
  '{"a":1}\n{"a":2,"b":"x"}\n',
  'id,sku,"note, long",price\n1,KX-1,"a ""b""",1.5\n2,KX-2,,"2,5"\n',
  'id;sku\r\n1;KX-1\r\n2;KX-2\r\n',
  '<?xml version="1.0"?><o:orders xmlns:o="urn:o"><o:order id="1">text<line/><line>2</line></o:order></o:orders>',
  `${isa}\nGS*PO*S*R*20260301*1200*1*X*005010~\nST*850*0001~\nBEG*00*SA*PO1**20260301~\nREF*DP*1^2~\nN1*ST*W*92*1~\nHL*1**S~\nPO1*1*2*EA*3**VP*A>B~\nSE*7*0001~\nGE*1*1~\nIEA*1*000000001~\n`,
  '# settings\n[server]\nhost = "a"\nport = 80\nport = 81\n[limits]\nfiles: 3\n',
].map((text) => Buffer.from(text))

/** Pieces that parsers are known to trip over. */
const hostile = [
  '\0',
  '\ufeff',
  '\ufffe',
  '"',
  "'",
  '\\u0000',
  '\\ud800',
  '__proto__',
  'constructor',
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  '&b;',
  '&#0;',
  ']]>',
  '<![CDATA[',
  '[['.repeat(600),
  '{"a":'.repeat(600),
  '<a>'.repeat(600),
  '9'.repeat(400),
  '1e999999',
  '-',
  '\r',
  ',,,,',
  '~~',
  '*',
  'ISA*',
  '\u2028',
  'é'.normalize('NFD'),
].map((text) => Buffer.from(text))

const at = fc.nat({ max: 0xffff })
type Edit = (bytes: Buffer) => Buffer
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(at, fc.nat(255)).map(
    ([n, byte]): Edit =>
      (bytes) => {
        const changed = Buffer.from(bytes)
        if (changed.length > 0) changed[n % changed.length] = byte
        return changed
      },
  ),
  fc.tuple(at, fc.nat(40)).map(
    ([n, size]): Edit =>
      (bytes) => {
        const from = n % (bytes.length + 1)
        return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + size)])
      },
  ),
  fc.tuple(at, fc.constantFrom(...hostile)).map(
    ([n, piece]): Edit =>
      (bytes) => {
        const from = n % (bytes.length + 1)
        return Buffer.concat([bytes.subarray(0, from), piece, bytes.subarray(from)])
      },
  ),
  fc.tuple(at, at, fc.nat(60)).map(
    ([n, m, size]): Edit =>
      (bytes) => {
        const from = n % (bytes.length + 1)
        const to = m % (bytes.length + 1)
        return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from, from + size), bytes.subarray(to)])
      },
  ),
  at.map(
    (n): Edit =>
      (bytes) =>
        bytes.subarray(0, n % (bytes.length + 1)),
  ),
)

/**
 * Spoils files and reads each in the format its content shows and in one it was not made for.
 * @returns how many were read, and how many refused
 */
export function fuzzFormats(options: { numRuns: number; seed?: number }): { read: number; refused: number } {
  const outcome = { read: 0, refused: 0 }
  const names = [null, ...builtInFormats.map(({ name }) => name)]
  fc.assert(
    fc.property(
      fc.constantFrom(...seeds),
      fc.array(edit, { minLength: 1, maxLength: 6 }),
      fc.constantFrom(...names),
      (seed, edits, name) => {
        const bytes = edits.reduce<Buffer>((spoilt, change) => change(spoilt), seed)
        try {
          const format = name ?? detectFormat(bytes).format
          const seen = profile(bytes, { format })
          const schema = JSON.parse(JSON.stringify(toSchema(seen)))
          const report = compare(schema, seen)
          if (report.hasDrift)
            throw new Error(`drifts from its own contract: ${JSON.stringify(report.changes)}`)
          outcome.read++
        } catch (error) {
          if (!isDrifthookError(error)) throw error
          if (error.status !== 400) throw error
          outcome.refused++
        }
      },
    ),
    options,
  )
  if (Object.keys(Object.prototype).length > 0) throw new Error('a prototype was polluted')
  return outcome
}
