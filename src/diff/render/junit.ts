/**
 * A report as JUnit XML, as CI systems read it: each path with a finding is a test case, and one that breaks
 * the contract has failed. The shape is the one Jenkins, GitLab and others share (`testsuites`, `testsuite`,
 * `testcase`, `failure`, `system-out`); the text is XML 1.0.
 */
import type { Change, DriftReport } from '../report.js'
import {
  changeText,
  escapeMarkup,
  headline,
  plain,
  type RenderOptions,
  titleOf,
  withPlace,
} from './shared.js'

/** Carries every change, whatever `limit` says: a failure that is not shown would read as a pass. */
export function renderJunit(report: DriftReport, options: RenderOptions = {}): string {
  const { contractName = 'drifthook', fileName } = options
  const cases = casesOf(report)
  const failures = cases.filter(({ failed }) => failed).length
  const counts = `tests="${cases.length}" failures="${failures}" errors="0" skipped="0" time="0"`
  const file = fileName === undefined ? '' : ` file="${escapeMarkup(fileName)}"`
  const name = escapeMarkup(titleOf(options))
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${name}" ${counts}>`,
    `  <testsuite name="${name}" ${counts}>`,
    ...cases.map(({ path, failed, lines }) => {
      const attributes = `classname="${escapeMarkup(contractName)}" name="${escapeMarkup(path)}"${file} time="0"`
      return `    <testcase ${attributes}>${outcome(failed, lines)}</testcase>`
    }),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

interface Case {
  path: string
  failed: boolean
  lines: string[]
}

/** A report without any finding is one test that passed: several systems take an empty suite for a fault. */
function casesOf(report: DriftReport): Case[] {
  const cases = new Map<string, Case>()
  const at = (path: string) => {
    const known = cases.get(path) ?? { path, failed: false, lines: [] }
    cases.set(path, known)
    return known
  }
  for (const change of report.changes) {
    const entry = at(change.path)
    entry.failed ||= change.impact === 'breaking'
    entry.lines.push(changeLine(change))
  }
  for (const { path, message, witness } of report.observations) {
    at(path).lines.push(withPlace(`observation: ${plain(message)}`, witness))
  }
  if (cases.size === 0) return [{ path: '$', failed: false, lines: [headline(report)] }]
  return [...cases.values()]
}

function changeLine(change: Change): string {
  const renamed = change.toPath === undefined ? '' : ` to ${plain(change.toPath)}`
  return withPlace(`${change.impact}: ${changeText(change, plain)}${renamed}`, change.witness)
}

function outcome(failed: boolean, lines: readonly string[]): string {
  const text = lines.map(escapeMarkup).join('\n')
  if (!failed) return `<system-out>${text}</system-out>`
  const first = escapeMarkup(lines.find((line) => line.startsWith('breaking')) ?? '')
  return `<failure type="breaking" message="${first}">${text}</failure>`
}
