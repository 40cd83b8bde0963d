/** What each format looks like, for one report; what is left out of a long one, and of an empty one. */
import { describe, expect, it } from 'vitest'
import {
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
import { fixedReport, longReport, noDrift } from './fixtures/reports.js'

const options = {
  title: 'Orders',
  fileName: 'in/orders 1.json',
  contractName: 'orders',
  url: 'https://x.test/e/1?a=1&b=2',
}

describe('one report', () => {
  it('as text', () => {
    expect(renderText(fixedReport).split('\n')).toEqual([
      'Drift: 1 added, 1 removed, 1 changed, 1 renamed (major; breaking).',
      '  > buyer -> customer: renamed [breaking]',
      '  + note: new, string [warning] (line 2, column 7)',
      '  ~ qty: type: integer -> string [breaking] (record 4)',
      '  - zip: gone, was string [info]',
      '  · fax: did not occur',
    ])
  })

  it('as Markdown', () => {
    expect(renderMarkdown(fixedReport, options).split('\n')).toEqual([
      '## Orders',
      '',
      'Contract `orders` · File `in/orders 1.json`',
      '',
      'Drift: 1 added, 1 removed, 1 changed, 1 renamed (major; breaking).',
      '',
      '| Impact | Path | Change | Where |',
      '| --- | --- | --- | --- |',
      '| breaking | `buyer` → `customer` | renamed |  |',
      '| warning | `note` | added: `string` | line 2, column 7 |',
      '| breaking | `qty` | type: `integer` → `string` | record 4 |',
      '| info | `zip` | removed, was `string` |  |',
      '',
      '### Observations',
      '',
      '- `fax`: `did not occur`',
      '',
      '[Details](<https://x.test/e/1?a=1&b=2>)',
      '',
    ])
  })

  it('as HTML', () => {
    const lines = renderHtml(fixedReport, options).split('\n')
    expect(lines[0]).toBe('<section class="drifthook-report drifthook-breaking">')
    expect(lines).toContain(
      '<tr class="drifthook-warning"><td>warning</td><th scope="row"><code><bdi>note</bdi></code></th>' +
        '<td>added: <code><bdi>string</bdi></code></td><td>line 2, column 7</td></tr>',
    )
    expect(lines).toContain('<li><code><bdi>fax</bdi></code>: did not occur</li>')
    expect(lines).toContain('<p><a href="https://x.test/e/1?a=1&amp;b=2">Details</a></p>')
    expect(lines.at(-2)).toBe('</section>')
  })

  it('as a Slack message, the worst first', () => {
    const { text, blocks } = renderSlack(fixedReport, { ...options, limit: 2 })
    expect(text).toBe('Orders · Drift: 1 added, 1 removed, 1 changed, 1 renamed (major; breaking).')
    expect(blocks.map((block) => ('text' in block ? block.text.text : block.elements[0]?.text))).toEqual([
      'Orders',
      '*Drift: 1 added, 1 removed, 1 changed, 1 renamed (major; breaking).*\nContract `orders`\nFile `in/orders 1.json`',
      '*breaking* `buyer` → `customer`\nrenamed',
      '*breaking* `qty`\ntype: `integer` → `string` (record 4)',
      '… and 2 more: 1 warning, 1 info · Observations: 1',
      '<https://x.test/e/1?a=1&amp;b=2|Details>',
    ])
  })

  it('as a Teams card, the worst first', () => {
    const [{ contentType, content }] = renderTeams(fixedReport, { ...options, limit: 2 }).attachments
    expect(contentType).toBe('application/vnd.microsoft.card.adaptive')
    expect(content).toMatchObject({ type: 'AdaptiveCard', version: '1.4' })
    expect(content.body.map(({ inlines }) => inlines.map(({ text }) => text).join(''))).toEqual([
      'Orders',
      'Contract orders',
      'File in/orders 1.json',
      'Drift: 1 added, 1 removed, 1 changed, 1 renamed (major; breaking).',
      'breaking buyer → customer renamed',
      'breaking qty type: integer → string (record 4)',
      '… and 2 more: 1 warning, 1 info',
      'Observations: 1',
    ])
    expect(content.actions).toEqual([{ type: 'Action.OpenUrl', title: 'Details', url: options.url }])
  })

  it('as JUnit', () => {
    const file = 'file="in/orders 1.json" time="0"'
    expect(renderJunit(fixedReport, options).split('\n')).toEqual([
      '<?xml version="1.0" encoding="UTF-8"?>',
      '<testsuites name="Orders" tests="5" failures="2" errors="0" skipped="0" time="0">',
      '  <testsuite name="Orders" tests="5" failures="2" errors="0" skipped="0" time="0">',
      `    <testcase classname="orders" name="buyer" ${file}><failure type="breaking" message="breaking: renamed to customer">breaking: renamed to customer</failure></testcase>`,
      `    <testcase classname="orders" name="note" ${file}><system-out>warning: added: string (line 2, column 7)</system-out></testcase>`,
      `    <testcase classname="orders" name="qty" ${file}><failure type="breaking" message="breaking: type: integer → string (record 4)">breaking: type: integer → string (record 4)</failure></testcase>`,
      `    <testcase classname="orders" name="zip" ${file}><system-out>info: removed, was string</system-out></testcase>`,
      `    <testcase classname="orders" name="fax" ${file}><system-out>observation: did not occur</system-out></testcase>`,
      '  </testsuite>',
      '</testsuites>',
      '',
    ])
  })

  it('as SARIF', () => {
    const [run] = renderSarif(fixedReport, options).runs
    expect(
      run.results.map(({ ruleId, kind, level, message }) => [ruleId, kind, level, message.text]),
    ).toEqual([
      ['renamed', 'fail', 'error', '"buyer" → "customer": renamed.'],
      ['added', 'fail', 'warning', '"note": added: string (line 2, column 7).'],
      ['changed-type', 'fail', 'error', '"qty": type: integer → string (record 4).'],
      ['removed', 'fail', 'note', '"zip": removed, was string.'],
      ['observation', 'informational', 'none', '"fax": did not occur.'],
    ])
    expect(run.results[1]?.locations).toEqual([
      {
        physicalLocation: {
          artifactLocation: { uri: 'in/orders%201.json' },
          region: { startLine: 2, startColumn: 7 },
        },
        logicalLocations: [{ fullyQualifiedName: 'note' }],
      },
    ])
  })

  it('in every format by name', () => {
    for (const format of renderFormats) expect(render(fixedReport, format, options)).toMatch(/\n$/)
    expect(JSON.parse(render(fixedReport, 'json'))).toEqual(fixedReport)
  })
})

describe('a report without findings', () => {
  it('says so in every format for people', () => {
    for (const format of ['text', 'markdown', 'html', 'slack', 'teams', 'junit'] as const) {
      expect(render(noDrift, format)).toContain('No drift.')
    }
    expect(renderMarkdown(noDrift)).not.toContain('|')
  })

  it('is one passed test, and no result', () => {
    expect(renderJunit(noDrift)).toContain('tests="1" failures="0"')
    expect(renderSarif(noDrift).runs[0].results).toEqual([])
  })
})

describe('a report with 1,000 changes', () => {
  it.each(['text', 'markdown', 'html'] as const)('shows the worst 50 as %s and counts the rest', (format) => {
    const text = render(longReport, format)
    expect(text.match(/field\d+/g)).toHaveLength(50)
    expect(text).toContain('field0999')
    expect(text).toContain('… and 950 more: 950 info')
  })

  it('shows the worst 5 in chats, and never more than a message may hold', () => {
    for (const format of ['slack', 'teams'] as const) {
      expect(render(longReport, format).match(/field\d+/g)).toHaveLength(5)
      expect(render(longReport, format)).toContain('and 995 more: 5 breaking, 990 info')
    }
    expect(renderSlack(longReport, { limit: 1_000 }).blocks.length).toBeLessThanOrEqual(50)
    expect(render(longReport, 'teams', { limit: 1_000 }).length).toBeLessThan(28_000)
  })

  it('is whole for machines', () => {
    expect(renderJunit(longReport, { limit: 1 })).toContain('tests="1000" failures="10"')
    expect(renderSarif(longReport, { limit: 1 }).runs[0].results).toHaveLength(1_000)
  })

  it('keeps to the limit it is given', () => {
    expect(renderText(longReport, { limit: 3 }).split('\n')).toEqual([
      'Drift: 1000 added (major; breaking).',
      '  + field0099: new, string [breaking]',
      '  + field0199: new, string [breaking]',
      '  + field0299: new, string [breaking]',
      '  … and 997 more: 7 breaking, 990 info',
    ])
  })
})
