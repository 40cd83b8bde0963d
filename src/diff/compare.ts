/** Walks a contract and a file side by side and says what differs. */
import { createHash } from 'node:crypto'
import { DrifthookError } from '../errors.js'
import { anyPlace, checkNode, fileLabel, firstOf, type Issue } from './checks.js'
import { type Contract, type ContractNode, readContract } from './contract.js'
import { isRecord } from './evidence.js'
import { someEvidence, strongEvidence } from './inference.js'
import { childPath, itemPath, mapPath, root } from './paths.js'
import { type Finding, Judge, severityOf, summarise } from './policy.js'
import { emptyPath, mergePaths, type PathProfile, type Profile } from './profile.js'
import { amendedFragment, newFragment } from './proposal.js'
import {
  type AddedName,
  aliasMatcher,
  type Matcher,
  matchRenames,
  normalisedMatcher,
  type RemovedName,
} from './rename.js'
import type { Change, ContractSchema, DriftReport, Observation, Policy } from './report.js'
import { isTextual } from './schema.js'
import { profileOfContract, treeOf } from './schema-profile.js'
import { columnOrder, dialectFindings } from './table.js'

export interface CompareOptions {
  /** When overrides expire against it; default: the current time. */
  now?: Date
}

/**
 * Compares a file with a contract, or a contract with another one. Difference is judged from the reader's
 * side: a file may say less than the contract allows, never more.
 * @param schema the contract: inferred by `toSchema`, or any JSON Schema
 * @param file what a file showed, or the schema that would take the contract's place
 * @throws DrifthookError `SCHEMA_UNSUPPORTED`, `FORMAT_MISMATCH`
 */
export function compare(
  schema: ContractSchema,
  file: Profile | ContractSchema,
  policy: Policy = {},
  options: CompareOptions = {},
): DriftReport {
  const contract = readContract(schema)
  const isSchema = !isProfile(file)
  const profile = isSchema ? profileOfContract(readContract(file), contract.format ?? 'json') : file
  if (contract.format !== null && contract.format !== profile.format) {
    const message = `The contract is for ${contract.format}, the file is ${profile.format}.`
    throw new DrifthookError('FORMAT_MISMATCH', message)
  }
  const judge = new Judge(policy, options.now ?? new Date())
  const comparison = new Comparison(contract, profile, policy, judge, isSchema)
  comparison.run()
  return report(profile, comparison, judge)
}

function isProfile(file: Profile | ContractSchema): file is Profile {
  return isRecord(file.root) && (file.root as { children?: unknown }).children instanceof Map
}

function report(profile: Profile, { findings, observations }: Comparison, judge: Judge): DriftReport {
  const sorted = findings.sort((a, b) => compareText(sortKey(a), sortKey(b)))
  const changes = sorted.map((finding) => judge.judge(finding))
  return {
    format: profile.format,
    hasDrift: changes.length > 0,
    summary: summarise(changes),
    severity: severityOf(changes),
    ...judge.verdict(sorted, changes),
    changes,
    observations: observations.sort((a, b) => compareText(a.path + a.message, b.path + b.message)),
    fingerprint: fingerprintOf(changes),
  }
}

function sortKey({ path, kind, aspect, toPath, from, to }: Finding): string {
  return JSON.stringify([path, kind, aspect ?? '', toPath ?? '', from, to])
}

/** By code unit, the same on every machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** What the drift is, without how often or where it showed. */
function fingerprintOf(changes: readonly Change[]): string | null {
  if (changes.length === 0) return null
  const identities = changes.map(({ kind, path, toPath, aspect, from, to }) =>
    JSON.stringify([kind, path, toPath ?? null, aspect ?? null, from, to]),
  )
  return createHash('sha256').update(identities.sort().join('\n')).digest('hex').slice(0, 32)
}

/** One side's name and the other's for the same thing. */
interface Where {
  path: string
  filePath: string
}

class Comparison {
  readonly findings: Finding[] = []
  readonly observations: Observation[] = []
  readonly #textual: boolean
  readonly #matchers: Matcher[]
  readonly #byPosition: boolean

  constructor(
    readonly contract: Contract,
    readonly file: Profile,
    readonly policy: Policy,
    readonly judge: Judge,
    /** The other side is a schema: an optional path it lacks is removed, not merely absent. */
    readonly isSchema: boolean,
  ) {
    this.#textual = isTextual(file.format)
    this.#matchers = [aliasMatcher(policy.aliases ?? [])]
    if (policy.renames?.enabled !== false) this.#matchers.push(normalisedMatcher)
    this.#byPosition = this.#textual && (policy.profile === 'positional' || contract.dialect.header === false)
  }

  run(): void {
    for (const { code, path, count, first } of this.file.findings) {
      if (this.judge.ignores(path)) continue
      this.observations.push({
        kind: 'integrity',
        path,
        message: `${integrity[code]} (${count} ×)`,
        witness: first,
      })
    }
    const where = { path: root, filePath: root }
    const { findings, comparable } = dialectFindings(this.contract.dialect, this.file.dialect)
    this.findings.push(...findings.filter(({ path }) => !this.judge.ignores(path)))
    if (!comparable) return
    const { node, file } = this.#roots()
    this.#compare(node, file, where)
  }

  /** A contract for one record meets a file of many, or lines of JSON a file with one line. */
  #roots(): { node: ContractNode; file: PathProfile } {
    const node = this.contract.root
    const { root: file } = this.file
    if (this.#textual && node.types?.has('object') && !node.types.has('array') && file.items) {
      return { node, file: file.items }
    }
    if (this.contract.dialect.lines === true && file.types.object > 0) {
      const lines = { ...emptyPath(), seen: 1, items: file, length: { min: 1, max: 1 } }
      lines.types.array = 1
      return { node, file: lines }
    }
    return { node, file }
  }

  /** @param renamed the change that says so, when the path has another name in the file */
  #compare(node: ContractNode, file: PathProfile, where: Where, renamed?: Finding): void {
    if (this.judge.ignores(where.path, where.filePath)) return
    const { issues, notes, comparable } = checkNode(node, file, this.#textual)
    for (const message of notes) this.#note(where.path, message)
    if (node.evidence && node.types === null && fileLabel(file, this.#textual) !== 'null') {
      this.#note(where.path, 'the contract never saw a value here')
    }
    this.#addIssues(node, file, where, issues, renamed)
    if (!comparable) return
    if (file.items && node.items) this.#compareItems(node.items, file, where)
    if (file.types.object > 0 || file.children.size > 0) this.#compareObject(node, file, where)
  }

  #compareItems(items: ContractNode, file: PathProfile, { path, filePath }: Where): void {
    // The records of a table have no path of their own: a column is just its name.
    const flat = this.#textual && path === root
    const where = flat ? { path, filePath } : { path: itemPath(path), filePath: itemPath(filePath) }
    this.#compare(items, file.items!, where)
  }

  #addIssues(node: ContractNode, file: PathProfile, where: Where, issues: Issue[], renamed?: Finding): void {
    const aspects = issues.map(({ aspect }) => aspect)
    for (const { aspect, from, to, facts, evidence, witness } of issues) {
      if (renamed && !renamed.aspect) {
        // A rename that changes more than the name is still one change.
        renamed.aspect = aspect
        Object.assign(renamed, { from, to, evidence: { ...renamed.evidence, ...evidence } })
        renamed.facts = { ...facts, ...renamed.facts }
        if (witness) renamed.witness = witness
        continue
      }
      if (renamed) continue
      const tree = node.evidence ? treeOf(node, node.evidence.seen) : null
      const schema = amendedFragment(node, tree, file, aspects, this.#textual)
      const proposal = { op: 'set' as const, path: where.path, schema }
      this.#add({ kind: 'changed', path: where.path, aspect, from, to, facts, evidence, proposal }, witness)
    }
  }

  #compareObject(node: ContractNode, file: PathProfile, where: Where): void {
    if (file.rest) return this.#compareMap(node, file, file.rest, where)
    const removed: RemovedName[] = []
    const added: AddedName[] = []
    for (const [key, expected] of node.properties) {
      const child = file.children.get(key)
      const at = this.#below(where, key)
      if (this.judge.ignores(at.path, at.filePath)) continue
      if (child) this.#compareChild(expected, child, file, at)
      else removed.push({ key, path: at.path, node: expected.node })
    }
    for (const [key, child] of file.children) {
      const path = childPath(where.filePath, key)
      if (!node.properties.has(key) && !this.judge.ignores(path)) added.push({ key, path, file: child })
    }
    const matches = matchRenames(removed, added, this.#matchers)
    for (const { removed: from, added: to, accepted, confidence, evidence } of matches) {
      const at = { path: from.path, filePath: to.path }
      const expected = node.properties.get(from.key)!
      const finding = accepted ? undefined : this.#renamed(from, to, expected.required, confidence, evidence)
      this.#compareChild(expected, to.file, file, at, finding)
    }
    const gone = new Set(matches.map((match) => match.removed))
    const come = new Set(matches.map((match) => match.added))
    for (const name of removed)
      if (!gone.has(name)) this.#removed(name, node.properties.get(name.key)!.required, file)
    this.#added(
      node,
      file,
      added.filter((name) => !come.has(name)),
      where,
    )
    if (this.#textual)
      this.#order(
        node,
        file,
        matches.map(({ removed: a, added: b }) => [a.key, b.key]),
        where,
      )
  }

  #below({ path, filePath }: Where, key: string): Where {
    return { path: childPath(path, key), filePath: childPath(filePath, key) }
  }

  #compareChild(
    expected: { node: ContractNode; required: boolean },
    child: PathProfile,
    parent: PathProfile,
    where: Where,
    renamed?: Finding,
  ): void {
    const parents = parent.types.object
    const { node, required } = expected
    this.#compare(node, child, where, renamed)
    if (!required || child.seen >= parents || this.judge.ignores(where.path, where.filePath)) return
    const seen = node.evidence ? { contract: node.evidence.seen } : { contract: 'declared' }
    const schema = node.evidence
      ? {
          ...node.schema,
          ...amendedFragment(node, treeOf(node, node.evidence.seen), child, [], this.#textual),
        }
      : node.schema
    this.#add(
      {
        kind: 'changed',
        path: where.path,
        aspect: 'presence',
        from: 'always',
        to: 'sometimes',
        facts: node.evidence ? { strong: node.parents >= strongEvidence } : { declared: true },
        evidence: { ...seen, file: child.seen, of: parents },
        proposal: { op: 'set', path: where.path, schema, required: false },
      },
      firstOf(child, ['missing']),
    )
  }

  /** The file's object has too many keys to tell apart. */
  #compareMap(node: ContractNode, file: PathProfile, rest: PathProfile, where: Where): void {
    const at = { path: mapPath(where.path), filePath: mapPath(where.filePath) }
    if (typeof node.rest === 'object') return this.#compare(node.rest, rest, at)
    if (node.properties.size === 0 && node.rest !== 'closed') {
      return this.#note(where.path, 'the keys are too many to compare')
    }
    this.#add(
      {
        kind: 'changed',
        path: where.path,
        aspect: 'structure',
        from: 'object of known keys',
        to: 'map of many keys',
        facts: {},
        evidence: { contract: node.properties.size, file: rest.seen, of: file.types.object },
        proposal: { op: 'set', path: where.path, schema: newFragment(file, file.seen, this.#textual) },
      },
      anyPlace(file),
    )
  }

  #renamed(
    from: RemovedName,
    to: AddedName,
    required: boolean,
    confidence: number,
    evidence: Record<string, unknown>,
  ): Finding {
    const finding: Finding = {
      kind: 'renamed',
      path: from.path,
      toPath: to.path,
      from: contractLabel(from.node),
      to: fileLabel(to.file, this.#textual),
      confidence,
      evidence,
      facts: { required, weak: isWeak(from.node) },
      proposal: { op: 'alias', from: from.path, to: to.path },
    }
    this.#add(finding, anyPlace(to.file))
    return finding
  }

  #removed({ path, node }: RemovedName, required: boolean, parent: PathProfile): void {
    if (!required && !this.isSchema) {
      this.observations.push({ kind: 'absent-optional', path, message: 'optional, and not in this file' })
      return
    }
    const evidence = node.evidence
      ? { contract: node.evidence.seen, of: node.parents, file: parent.types.object }
      : { contract: 'declared', file: parent.types.object }
    this.#add({
      kind: 'removed',
      path,
      from: contractLabel(node),
      to: null,
      facts: { required, weak: isWeak(node) },
      evidence,
      proposal: { op: 'remove', path },
    })
  }

  #added(node: ContractNode, file: PathProfile, added: AddedName[], where: Where): void {
    if (added.length === 0) return
    if (typeof node.rest === 'object') {
      const all = added.map((name) => name.file).reduce(mergePaths)
      return this.#compare(node.rest, all, { path: mapPath(where.path), filePath: mapPath(where.filePath) })
    }
    const parents = file.types.object
    const known = [...file.children].filter(([key]) => node.properties.has(key))
    const last = Math.max(-1, ...known.map(([, child]) => child.position?.max ?? -1))
    for (const { path, file: child } of added) {
      if (node.rest === 'undecided') {
        this.#note(path, 'whether the contract allows this key is not decided')
        continue
      }
      const schema = newFragment(child, parents, this.#textual)
      const required = child.seen >= parents && parents >= someEvidence
      const appended = child.position !== null && child.position.min > last
      this.#add(
        {
          kind: 'added',
          path,
          from: null,
          to: fileLabel(child, this.#textual),
          facts: { closed: node.rest === 'closed', byPosition: this.#byPosition, appended },
          evidence: { file: child.seen, of: parents },
          proposal: { op: 'set', path, schema, required },
        },
        anyPlace(child),
      )
    }
  }

  #order(node: ContractNode, file: PathProfile, renames: string[][], where: Where): void {
    const moved = columnOrder(node, file, new Map(renames as [string, string][]))
    if (!moved) return
    if (!this.#byPosition && this.policy.profile !== 'strict') {
      this.#note(where.path, 'the columns stand in another order')
      return
    }
    this.#add({
      kind: 'changed',
      path: where.path,
      aspect: 'order',
      from: 'columns in the known order',
      to: 'columns in another order',
      facts: { byPosition: this.#byPosition },
      evidence: { moved },
    })
  }

  #add(finding: Finding, witness = finding.witness): void {
    if (witness) finding.witness = witness
    this.findings.push(finding)
  }

  #note(path: string, message: string): void {
    this.observations.push({ kind: 'note', path, message })
  }
}

const integrity = {
  'duplicate-key': 'the same key twice in one object',
  'duplicate-column': 'the same column name again',
  'short-record': 'records with fewer fields than columns',
  'long-record': 'records with more fields than columns',
  'stray-quote': 'quotes inside unquoted fields',
} as const

function isWeak(node: ContractNode): boolean {
  return node.evidence !== null && node.parents < someEvidence
}

function contractLabel(node: ContractNode): string {
  const types = [...(node.types ?? [])].filter((type) => type !== 'null')
  return types.sort().join(' | ') || 'any'
}
