import { describe, expect, it } from 'vitest'
import { type Change, renderSarif } from '../../../src/diff/index.js'
import { driftOfJson } from './fixtures/helpers.js'
import { fixedReport, longReport, noDrift, reportOf } from './fixtures/reports.js'
import { sarifFaults } from './fixtures/sarif.js'

/** A run, to be spoilt. */
type Run = ReturnType<typeof JSON.parse>

const before = [{ id: 1, sku: 'A', at: '2026-01-01' }]
const after = [{ id: 'x', sku: 'A', extra: 1 }]

describe('SARIF', () => {
  it.each([
    ['no drift', noDrift],
    ['each kind of change', fixedReport],
    ['a thousand changes', longReport],
    ['a real comparison', driftOfJson(before, after)],
  ])('is what the standard asks for: %s', (_, report) => {
    expect(sarifFaults(renderSarif(report))).toEqual([])
    expect(sarifFaults(renderSarif(report, { fileName: '/in/a b.json', contractName: 'orders' }))).toEqual([])
  })

  it.each([
    ['a level that is none', (run: Run) => (run.results[0].level = 'fatal')],
    ['a message without text', (run: Run) => delete run.results[0].message.text],
    ['a driver without a name', (run: Run) => delete run.tool.driver.name],
    [
      'a line before the first',
      (run: Run) => (run.results[0].locations[0].physicalLocation.region = { startLine: 0 }),
    ],
  ])('would be told: %s', (_, spoil) => {
    const log = JSON.parse(JSON.stringify(renderSarif(fixedReport, { fileName: 'a' })))
    expect(sarifFaults(log)).toEqual([])
    spoil(log.runs[0])
    expect(sarifFaults(log)).not.toEqual([])
  })

  it('points every result at its rule', () => {
    const { results, tool } = renderSarif(fixedReport).runs[0]
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId)
  })

  it('has a rule for every kind and aspect', () => {
    const aspects = `type structure cardinality nullability presence format enum constraint order`.split(' ')
    const changes = aspects.map((aspect) => ({ ...fixedReport.changes[2], aspect }) as Change)
    const { results, tool } = renderSarif(reportOf(changes)).runs[0]
    expect(results.map(({ ruleId }) => ruleId)).toEqual(aspects.map((aspect) => `changed-${aspect}`))
    expect(tool.driver.rules.map(({ id }) => id)).toEqual([
      'added',
      'removed',
      'renamed',
      ...aspects.map((aspect) => `changed-${aspect}`),
      'observation',
    ])
  })

  it('tells the same finding in another report, and others apart', () => {
    const marks = (report: Parameters<typeof renderSarif>[0]) =>
      renderSarif(report).runs[0].results.map((result) => result.partialFingerprints?.['drifthook/change/v1'])
    const [first, ...others] = fixedReport.changes
    const moved = reportOf([{ ...first!, witness: { line: 9, column: 9, byte: 99 }, evidence: { n: 1 } }])
    expect(marks(moved)[0]).toBe(marks(fixedReport)[0])
    expect(new Set(marks(longReport)).size).toBe(1_000)
    expect(marks(reportOf(others))).not.toContain(marks(moved)[0])
  })

  it('names a file by a relative reference, whatever its name', () => {
    const uri = (fileName: string) =>
      renderSarif(fixedReport, { fileName }).runs[0].results[0]?.locations[0]?.physicalLocation
        ?.artifactLocation.uri
    expect(uri('in/a b#1?.json')).toBe('in/a%20b%231%3F.json')
    expect(uri('file:x')).toBe('file%3Ax')
    expect(uri('//host/share')).toBe('/host/share')
    expect(uri('')).toBeUndefined()
  })
})
