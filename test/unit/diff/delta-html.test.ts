/** A delta as HTML: nothing of the documents becomes markup. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { delta, deltaHtml, type JsonValue } from '../../../src/diff/index.js'

/** What jsondiffpatch's formatter let through (GHSA-33vc-wfww-vjfv, GHSA-2f3m-j83v-344c), and its kin. */
const payloads = [
  '<script>alert(1)</script>',
  '</script><script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '"><svg onload=alert(1)>',
  `' onmouseover='alert(1)`,
  '<a href="javascript:alert(1)">',
  '</code></td></tr></table><iframe srcdoc="x">',
  '<!--',
  '-->',
  ']]>',
  '&lt;script&gt;',
  '&#60;script&#62;',
  '<style>*{}</style>',
  '\u0000<b>',
  '<\u0000script>',
  '\u202e<b>',
  '__proto__',
  '{{constructor}}',
  '<math><mi//xlink:href="data:x,<script>">',
]

/** The tags of our own, and each of them only as we write it. */
const own =
  /<\/?(section|table|thead|tbody|tr|th|td|p|code|bdi)>|<section class="drifthook-delta">|<th scope="col">|<tr class="(add|remove|replace|move)">/g

function expectSafe(html: string): void {
  const rest = html.replace(own, '')
  expect(rest).not.toMatch(/[<>"']/)
  expect(rest).not.toMatch(/&(?!(amp|lt|gt|quot|#39);)/)
}

const evil = fc.oneof(
  fc.constantFrom(...payloads),
  fc.string(),
  fc.tuple(fc.string(), fc.constantFrom(...payloads)).map((parts) => parts.join('')),
)
const { document } = fc.letrec<{ document: JsonValue }>((tie) => ({
  document: fc.oneof(
    { depthSize: 'small' },
    evil,
    fc.array(tie('document'), { maxLength: 4 }),
    fc.array(fc.tuple(evil, tie('document')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
    evil.map((text) => [{ id: text, [text]: text }]),
  ),
}))

describe('a delta as HTML', () => {
  it.each(payloads)('escapes %s as key, value and record key', (text) => {
    const pairs: [JsonValue, JsonValue][] = [
      [{ [text]: text }, { [text]: `${text}!` }],
      [{ [text]: 1 }, {}],
      [
        [
          { id: text, v: 1 },
          { id: 'b', v: 1 },
        ],
        [
          { id: 'b', v: 1 },
          { id: text, v: text },
        ],
      ],
      [
        [text, 'a', 'b'],
        ['a', 'b', text],
      ],
    ]
    for (const [a, b] of pairs) {
      const html = deltaHtml(delta(a, b))
      expectSafe(html)
      expect(html).toContain('<tr class=')
    }
  })

  it('escapes whatever is in the documents', () => {
    fc.assert(
      fc.property(document, document, (a, b) => expectSafe(deltaHtml(delta(a, b)))),
      { numRuns: Number(process.env.DRIFTHOOK_RUNS ?? 300) },
    )
  })

  it('has neither script nor style nor handlers', () => {
    const html = deltaHtml(delta([1, 2, 3, { a: 1 }], [3, 1, 2, { b: 1 }]))
    expect(html).not.toMatch(/<script|<style|style=|\son\w+=|href=|src=/i)
  })

  it('says "no differences" only where that is known', () => {
    const many = (v: number) => Array.from({ length: 20 }, (_, id) => ({ id, v }))
    expect(deltaHtml(delta(many(1), many(1)))).toContain('No differences')
    const cut = deltaHtml(delta(many(1), many(2), { limits: { steps: 5 } }))
    expect(cut).not.toContain('No differences')
    expect(cut).toContain('Incomplete, there may be more (limit steps: 5)')
  })

  it('shows so many rows, and so much of a value', () => {
    const html = deltaHtml(delta({ a: 'x'.repeat(50), b: 1 }, { a: 'y'.repeat(50), b: 2 }), {
      maxRows: 1,
      maxValueLength: 10,
    })
    expect(html.match(/<tr class/g)).toHaveLength(1)
    expect(html).toContain('1 more not shown')
    expect(html).toContain('&quot;yyyyyyyyy…')
  })

  it('tells where a move went from and to', () => {
    expect(deltaHtml(delta(['a', 'b', 'c'], ['c', 'a', 'b']))).toContain(
      '<td><code><bdi>/2</bdi></code> → <code><bdi>/0</bdi></code></td>',
    )
  })
})
