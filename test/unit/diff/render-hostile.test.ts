/**
 * Names and labels are whatever a partner puts into a file. In every format they stay text: what is not text
 * is the same as for a report in which each of them is a plain `x`.
 */
import fc from 'fast-check'
import { SaxesParser } from 'saxes'
import { describe, expect, it } from 'vitest'
import {
  type DriftReport,
  type RenderOptions,
  render,
  renderFormats,
  renderHtml,
  renderJunit,
  renderMarkdown,
  renderSarif,
  renderSlack,
  renderTeams,
  renderText,
} from '../../../src/diff/index.js'
import { plain } from '../../../src/diff/render/shared.js'
import { hostileOptions, hostileReport } from './fixtures/reports.js'
import { sarifFaults } from './fixtures/sarif.js'

const runs = { numRuns: 300 }

function neutral(report: DriftReport): DriftReport {
  return {
    ...report,
    changes: report.changes.map((change) => ({
      ...change,
      path: 'x',
      ...(change.toPath === undefined ? {} : { toPath: 'x' }),
      from: change.from === null ? null : 'x',
      to: change.to === null ? null : 'x',
    })),
    observations: report.observations.map((one) => ({ ...one, path: 'x', message: 'x' })),
  }
}

function neutralOptions({ title, fileName, contractName, ...rest }: RenderOptions): RenderOptions {
  return {
    ...rest,
    ...(title === undefined ? {} : { title: 'x' }),
    ...(fileName === undefined ? {} : { fileName: 'x' }),
    ...(contractName === undefined ? {} : { contractName: 'x' }),
  }
}

/** Holds a property for every report and all options. */
function always(check: (report: DriftReport, options: RenderOptions) => void): void {
  fc.assert(fc.property(hostileReport, hostileOptions, check), runs)
}

const acting = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/** Every text in a JSON value. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : []
}

describe('hostile names', () => {
  it('bring no character that acts into any format', () => {
    always((report, options) => {
      for (const format of renderFormats) {
        const text = render(report, format, options)
        expect(text.split('\n').filter((line) => acting.test(line.replaceAll('{\u200b', '{')))).toEqual([])
        if (format === 'json') {
          expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(report)))
          continue
        }
        const chat = format === 'slack' || format === 'teams' || format === 'sarif'
        const lines = chat ? textsOf(JSON.parse(text)).flatMap((one) => one.split('\n')) : text.split('\n')
        // The one invisible character of ours: it breaks what a Teams client would compute.
        expect(lines.filter((line) => acting.test(line.replaceAll('{\u200b', '{')))).toEqual([])
      }
    })
  })

  it('bring no line into text', () => {
    always((report, options) => {
      const lines = (one: DriftReport) => renderText(one, options).split('\n').length
      expect(lines(report)).toBe(lines(neutral(report)))
    })
  })

  describe('in HTML', () => {
    it('bring no element, attribute or address', () => {
      always((report, options) => {
        const ours = markupOf(renderHtml(neutral(report), neutralOptions(options)))
        expect(markupOf(renderHtml(report, options))).toEqual(ours)
        for (const { attributes } of ours) {
          for (const [name, value] of attributes) {
            expect(['class', 'scope', 'href']).toContain(name)
            if (name === 'href') expect(value).toMatch(/^https?:\/\/[^\s<>"']+$/)
          }
        }
      })
    })

    it('notices what it should', () => {
      expect(() => markupOf('<p>a < b</p>')).toThrow()
      expect(() => markupOf('<p>a & b</p>')).toThrow()
      expect(markupOf('<p class="x" onclick="y">&amp;</p>')[0]?.attributes).toHaveLength(2)
    })
  })

  describe('in Markdown', () => {
    it('bring no line, cell or markup', () => {
      always((report, options) => {
        const ours = renderMarkdown(neutral(report), neutralOptions(options)).split('\n')
        const lines = renderMarkdown(report, options).split('\n')
        expect(lines.slice(1).map(outsideCode)).toEqual(ours.slice(1).map(outsideCode))
        for (const line of lines.slice(1).filter((one) => one.startsWith('| '))) {
          // Whether a backslash before the backslash counts or not.
          expect(line.replace(/\\[\\|]/g, '').match(/\|/g)).toHaveLength(5)
          expect(line.replace(/\\\|/g, '').match(/\|/g)).toHaveLength(5)
        }
      })
    })

    it('bring no markup into the title', () => {
      always((report, options) => {
        const [title = ''] = renderMarkdown(report, options).split('\n')
        expect(title.replace(/^## /, '').replace(/\\[!-/:-@[-`{-~]|(?<=\\[@#])<!-- -->/g, '')).not.toMatch(
          /[!-/:-@[-`{-~]/,
        )
      })
    })
  })

  it('leave Slack messages within its limits, without mentions or links', () => {
    always((report, options) => {
      const { text, blocks } = renderSlack(report, options)
      expect(blocks.length).toBeLessThanOrEqual(50)
      for (const block of blocks) {
        const texts = 'text' in block ? [block.text] : block.elements
        for (const { type, text } of texts) {
          expect(text.length).toBeGreaterThan(0)
          expect(text.length).toBeLessThanOrEqual(type === 'plain_text' ? 150 : 3_000)
          const rest = text.replace(/^<https?:[^\s<>|]+\|Details>$/, '').replace(/&(amp|lt|gt);/g, '')
          expect(rest).not.toMatch(/[<>&]/)
        }
      }
      expect(text.replace(/&(amp|lt|gt);/g, '')).not.toMatch(/[<>&]/)
      const outside = (one: ReturnType<typeof renderSlack>) =>
        one.blocks.slice(1).map((block) => ('text' in block ? outsideCode(block.text.text) : 'context'))
      expect(outside({ text, blocks })).toEqual(
        outside(renderSlack(neutral(report), neutralOptions(options))),
      )
    })
  })

  it('leave Teams cards within 28 KB, in runs that read no Markdown', () => {
    always((report, options) => {
      expect(Buffer.byteLength(render(report, 'teams', options))).toBeLessThan(28_000)
      const { body } = renderTeams(report, options).attachments[0].content
      for (const { type, inlines } of body) {
        expect(type).toBe('RichTextBlock')
        for (const { type: kind, text } of inlines) {
          expect(kind).toBe('TextRun')
          expect(text).not.toBe('')
          expect(text).not.toContain('{{')
        }
      }
    })
  })

  it('leave JUnit well-formed, with every path in a test case of its own', () => {
    always((report, options) => {
      const names: string[] = []
      const parser = new SaxesParser()
      parser.on('error', (error) => {
        throw error
      })
      parser.on('opentag', ({ name, attributes }) => {
        expect(['testsuites', 'testsuite', 'testcase', 'failure', 'system-out']).toContain(name)
        if (name === 'testcase') names.push(String(attributes.name))
      })
      parser.write(renderJunit(report, options)).close()
      const paths = [...report.changes, ...report.observations].map(({ path }) => path)
      expect(names).toEqual(paths.length === 0 ? ['$'] : [...new Set(paths)].map(plain))
    })
  })

  it('leave SARIF valid, with one result for each finding and no link in a message', () => {
    always((report, options) => {
      const log = renderSarif(report, options)
      expect(sarifFaults(JSON.parse(JSON.stringify(log)))).toEqual([])
      expect(log.runs[0].results).toHaveLength(report.changes.length + report.observations.length)
      for (const { message } of log.runs[0].results) expect(message.text).not.toMatch(/\]\(|(?<!\{)\{\d+\}/)
    })
  })
})

/** The tags of a fragment in their order. Throws on markup that is not written the way ours is. */
function markupOf(html: string): { tag: string; attributes: [string, string][] }[] {
  const tags: { tag: string; attributes: [string, string][] }[] = []
  const text = html.replace(/<(\/?[a-z][a-z0-9]*)((?: [a-z]+="[^"<>]*")*)>/g, (_, tag, attributes) => {
    const pairs = [...String(attributes).matchAll(/ ([a-z]+)="([^"]*)"/g)]
    tags.push({ tag, attributes: pairs.map(([, name = '', value = '']) => [name, value]) })
    return ''
  })
  const rest = text.replace(/&(amp|lt|gt|quot|#39);/g, '')
  if (/[<>&]/.test(rest)) throw new Error(`markup from data: ${rest}`)
  return tags
}

/** A line without its code spans, by CommonMark's rule: closed by a run of as many backticks. */
function outsideCode(line: string): string {
  let outside = ''
  for (let i = 0; i < line.length; ) {
    const run = /^`+/.exec(line.slice(i))?.[0]
    if (run === undefined) {
      outside += line[i++]
      continue
    }
    const closing = [...line.slice(i + run.length).matchAll(/`+/g)].find(
      ([next]) => next.length === run.length,
    )
    outside += closing ? '<code>' : run
    i += run.length + (closing ? closing.index + run.length : 0)
  }
  return outside
}
