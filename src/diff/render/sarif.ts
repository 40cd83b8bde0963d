/**
 * A report as SARIF 2.1.0 (OASIS Standard, 27 March 2020), which code scanning, editors and dashboards read.
 * Section numbers below are the standard's.
 */
import { createHash } from 'node:crypto'
import type { Place } from '../../errors.js'
import type { Aspect, Change, DriftReport, Observation } from '../report.js'
import { changeIdentity, changeText, pathText, plain, type RenderOptions, withPlace } from './shared.js'

/** §3.27.10: how bad a result is. */
const levels = { breaking: 'error', warning: 'warning', info: 'note' } as const

const aspects: Record<Aspect, string> = {
  type: 'A value has another type than the contract says.',
  structure: 'A value became an object or a list, or ceased to be one.',
  cardinality: 'A value occurs once instead of repeatedly, or repeatedly instead of once.',
  nullability: 'A value is null or empty that never was.',
  presence: 'A value is missing in some records that was always there.',
  format: 'A text has another format than the contract says.',
  enum: 'A value is outside of the list of the contract.',
  constraint: 'A value is outside of the bounds of the contract.',
  order: 'Columns are in another order.',
}

/** One rule for each kind of change and, of what changed in place, for each aspect (§3.19.23). */
const rules: readonly { id: string; text: string }[] = [
  { id: 'added', text: 'The file has something the contract does not know.' },
  { id: 'removed', text: 'Something the contract knows is gone from the file.' },
  { id: 'renamed', text: 'Something the contract knows has another name in the file.' },
  ...Object.entries(aspects).map(([aspect, text]) => ({ id: `changed-${aspect}`, text })),
  { id: 'observation', text: 'Something worth knowing that is not drift.' },
]

export interface SarifLog {
  $schema: string
  version: '2.1.0'
  runs: [SarifRun]
}

export interface SarifRun {
  tool: { driver: { name: string; rules: { id: string; shortDescription: { text: string } }[] } }
  columnKind: 'unicodeCodePoints'
  automationDetails?: { id: string }
  properties: Record<string, unknown>
  results: SarifResult[]
}

export interface SarifResult {
  ruleId: string
  ruleIndex: number
  kind: 'fail' | 'informational'
  level: 'error' | 'warning' | 'note' | 'none'
  message: { text: string }
  locations: SarifLocation[]
  partialFingerprints?: Record<string, string>
  properties: Record<string, unknown>
}

interface SarifLocation {
  physicalLocation?: { artifactLocation: { uri: string }; region?: Record<string, number> }
  logicalLocations: { fullyQualifiedName: string }[]
}

/** Carries every change, whatever `limit` says. Without `fileName` results have no physical location. */
export function renderSarif(report: DriftReport, { fileName, contractName }: RenderOptions = {}): SarifLog {
  const { format, result, severity, score, fingerprint } = report
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'drifthook',
            rules: rules.map(({ id, text }) => ({ id, shortDescription: { text } })),
          },
        },
        // §3.14.27: how `startColumn` counts.
        columnKind: 'unicodeCodePoints',
        // §3.17.3: runs of one contract belong together; an id that ends with a slash names the series alone.
        ...(contractName === undefined
          ? {}
          : { automationDetails: { id: `drifthook/${plain(contractName)}/` } }),
        properties: { format: plain(format), result, severity, score, fingerprint },
        results: [
          ...report.changes.map((change) => changeResult(change, fileName)),
          ...report.observations.map((observation) => observationResult(observation, fileName)),
        ],
      },
    ],
  }
}

function changeResult(change: Change, fileName: string | undefined): SarifResult {
  const { kind, path, impact, aspect, confidence, witness } = change
  const text = `${pathText(change, quoted)}: ${changeText(change, plain)}`
  return {
    ...ruleOf(kind === 'changed' ? `changed-${aspect}` : kind),
    kind: 'fail',
    level: levels[impact],
    message: { text: message(text, witness) },
    locations: [location(path, witness, fileName)],
    // §3.27.17: tells the same finding in another run, so it has no part in what else the run found.
    partialFingerprints: { 'drifthook/change/v1': digest(changeIdentity(change)) },
    properties: {
      impact,
      ...(aspect === undefined ? {} : { aspect }),
      ...(confidence === undefined ? {} : { confidence }),
    },
  }
}

/** §3.27.9: what is no failure has no level. */
function observationResult(
  { kind, path, message: text, witness }: Observation,
  fileName: string | undefined,
) {
  return {
    ...ruleOf('observation'),
    kind: 'informational',
    level: 'none',
    message: { text: message(`${quoted(path)}: ${plain(text)}`, witness) },
    locations: [location(path, witness, fileName)],
    properties: { observation: kind },
  } satisfies SarifResult
}

function ruleOf(id: string): { ruleId: string; ruleIndex: number } {
  return { ruleId: id, ruleIndex: rules.findIndex((rule) => rule.id === id) }
}

function location(path: string, witness: Place | undefined, fileName: string | undefined): SarifLocation {
  const region = regionOf(witness)
  const physicalLocation =
    fileName === undefined || fileName === ''
      ? null
      : { artifactLocation: { uri: uriOf(fileName) }, ...(region ? { region } : {}) }
  return {
    ...(physicalLocation ? { physicalLocation } : {}),
    logicalLocations: [{ fullyQualifiedName: plain(path) }],
  }
}

/** §3.30: lines and columns count from 1, bytes from 0. A record or a segment is no region: the text names it. */
function regionOf(place: Place | undefined): Record<string, number> | null {
  if (place?.line !== undefined) return { startLine: place.line, startColumn: place.column ?? 1 }
  return place?.byte === undefined ? null : { byteOffset: place.byte, byteLength: 0 }
}

/** §3.4.3: a file name as a relative reference in which nothing is a scheme, an authority or a query. */
function uriOf(fileName: string): string {
  const name = plain(fileName).replace(/^\/{2,}/, '/')
  return name.split('/').map(encodeURIComponent).join('/')
}

const quoted = (text: string) => `"${plain(text)}"`

/**
 * §3.11.5 and §3.11.6: `{0}` in a message is a placeholder and `[text](address)` a link. Names from a file are
 * neither.
 */
function message(text: string, witness: Place | undefined): string {
  const safe = text.replace(/\{(\d+)\}/g, '{{$1}}').replace(/\](?=\()/g, '] ')
  return `${withPlace(safe, witness)}.`
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32)
