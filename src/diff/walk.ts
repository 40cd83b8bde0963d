/** Walks a contract and a file side by side and collects what differs. */
import { checkNode, fileLabel, type Issue } from './checks.js'
import type { Contract, ContractNode } from './contract.js'
import * as findings from './findings.js'
import { childPath, itemPath, mapPath, root } from './paths.js'
import type { Finding, Judge } from './policy.js'
import { emptyPath, mergePaths, type PathProfile, type Profile } from './profile.js'
import {
  type AddedName,
  aliasMatcher,
  type Matcher,
  matchRenames,
  normalisedMatcher,
  type RemovedName,
} from './rename.js'
import type { ContractSchema, Observation, Policy } from './report.js'
import { isTable, isTextual, toSchema } from './schema.js'
import { columnOrder, dialectFindings } from './table.js'

/** The path by the contract's names and by the file's. They differ below a rename. */
interface Where {
  path: string
  filePath: string
}

interface Expected {
  node: ContractNode
  required: boolean
}

export class Comparison {
  readonly findings: Finding[] = []
  readonly observations: Observation[] = []
  readonly #textual: boolean
  readonly #table: boolean
  readonly #matchers: Matcher[]
  readonly #byPosition: boolean

  constructor(
    readonly contract: Contract,
    readonly file: Profile,
    readonly policy: Policy,
    readonly judge: Judge,
    /** The other side is a schema: an optional path it lacks is removed, not merely absent. */
    readonly isSchema: boolean,
    /** The file was profiled against this very contract. */
    readonly checked = false,
  ) {
    this.#textual = isTextual(file.format)
    this.#table = isTable(file.format)
    this.#matchers = [aliasMatcher(policy.aliases ?? [])]
    if (policy.renames?.enabled !== false) this.#matchers.push(normalisedMatcher)
    this.#byPosition = this.#table && (policy.profile === 'positional' || contract.dialect.header === false)
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
    const spelling = dialectFindings(this.contract.dialect, this.file.dialect, () => toSchema(this.file))
    this.findings.push(...spelling.findings.filter(({ path }) => !this.judge.ignores(path)))
    if (!spelling.comparable) return
    const { node, file } = this.#roots()
    this.#compare(node, file, { path: root, filePath: root })
  }

  /** A contract for one record meets a table of many, or one for JSON lines a file with one line. */
  #roots(): { node: ContractNode; file: PathProfile } {
    const node = this.contract.root
    const { root: file } = this.file
    if (this.#table && node.types?.has('object') && !node.types.has('array') && file.items) {
      return { node, file: file.items }
    }
    if (this.contract.dialect.lines === true && file.types.object > 0) {
      const lines = { ...emptyPath(), seen: 1, items: file, length: { min: 1, max: 1 } }
      lines.types.array = 1
      return { node, file: lines }
    }
    return { node, file }
  }

  /**
   * @param rename the change that says so, when the path has another name in the file
   * @returns what differs at this very path
   */
  #compare(node: ContractNode, file: PathProfile, where: Where, rename?: Finding): Issue[] {
    if (this.judge.ignores(where.path, where.filePath)) return []
    const { issues, notes, comparable } = checkNode(node, file, {
      textual: this.#textual,
      checked: this.checked,
    })
    for (const message of notes) this.#note(where.path, message)
    if (node.evidence && node.types === null && fileLabel(file, this.#textual) !== 'null') {
      this.#note(where.path, 'the contract never saw a value here')
    }
    if (rename) {
      const [first, ...more] = issues
      if (first) findings.renamedAndChanged(rename, node, file, [first, ...more], this.#textual)
    } else {
      for (const issue of issues) {
        this.findings.push(findings.changed(node, file, where.path, issue, issues, this.#textual))
      }
    }
    if (file.items && comparable.array) this.#compareItems(node, file.items, where)
    if (file.types.object > 0 && comparable.object) this.#compareObject(node, file, where)
    return issues
  }

  #compareItems(node: ContractNode, items: PathProfile, { path, filePath }: Where): void {
    if (!node.items) {
      if (node.evidence) this.#note(path, 'the contract never saw an item here')
      return
    }
    // The records of a table have no path of their own: a column is just its name.
    const flat = this.#table && path === root
    if (flat) this.#compareRecords(node.items, items)
    else this.#compare(node.items, items, { path: itemPath(path), filePath: itemPath(filePath) })
  }

  /** A table without records still has its columns. */
  #compareRecords(node: ContractNode, records: PathProfile): void {
    const where = { path: root, filePath: root }
    if (records.types.object === 0) this.#compareObject(node, records, where)
    else this.#compare(node, records, where)
  }

  #compareObject(node: ContractNode, file: PathProfile, where: Where): void {
    if (file.rest) {
      this.#compareMap(node, file, file.rest, where)
      return
    }
    const gone: RemovedName[] = []
    const come: AddedName[] = []
    for (const [key, expected] of node.properties) {
      const child = file.children.get(key)
      const at = { path: childPath(where.path, key), filePath: childPath(where.filePath, key) }
      if (this.judge.ignores(at.path, at.filePath)) continue
      if (child) this.#compareChild(expected, child, file, at)
      else gone.push({ key, path: at.path, node: expected.node })
    }
    for (const [key, child] of file.children) {
      const path = childPath(where.filePath, key)
      if (!node.properties.has(key) && !this.judge.ignores(path)) come.push({ key, path, file: child })
    }
    const matches = matchRenames(gone, come, this.#matchers)
    for (const match of matches) {
      const expected = node.properties.get(match.removed.key)!
      const at = { path: match.removed.path, filePath: match.added.path }
      const rename = match.accepted ? undefined : findings.renamed(match, expected.required, this.#textual)
      if (rename) this.findings.push(rename)
      this.#compareChild(expected, match.added.file, file, at, rename)
    }
    const matched = new Set<RemovedName | AddedName>(matches.flatMap((match) => [match.removed, match.added]))
    for (const name of gone) {
      if (!matched.has(name)) this.#removed(name, node.properties.get(name.key)!.required, file)
    }
    const fresh = come.filter((name) => !matched.has(name))
    if (fresh.length > 0) this.#added(node, file, fresh, where)
    if (this.#table) {
      const names = new Map(matches.map((match) => [match.removed.key, match.added.key]))
      this.#order(node, file, names, where.path)
    }
  }

  #compareChild(
    expected: Expected,
    child: PathProfile,
    parent: PathProfile,
    where: Where,
    rename?: Finding,
  ): void {
    const { node, required } = expected
    const parents = parent.types.object
    const issues = this.#compare(node, child, where, rename)
    if (!required || child.seen >= parents || this.judge.ignores(where.path, where.filePath)) return
    const finding = findings.sometimes(node, child, where.path, parents, issues, this.#textual)
    if (!rename) {
      this.findings.push(finding)
      return
    }
    if (!rename.aspect)
      Object.assign(rename, { aspect: 'presence', facts: { ...finding.facts, ...rename.facts } })
    const { schema } = finding.proposal as { schema: ContractSchema }
    Object.assign(rename.proposal!, { schema, required: false })
  }

  /** The file's object has too many keys to tell apart. */
  #compareMap(node: ContractNode, file: PathProfile, rest: PathProfile, where: Where): void {
    const names = node.parts.object.some(({ schema }) => schema.patternProperties !== undefined)
    if (names || (typeof node.rest === 'object' && node.properties.size > 0)) {
      this.#note(where.path, 'the keys are too many to compare, so what is said of some is not decided')
    }
    if (typeof node.rest === 'object') {
      this.#compare(node.rest, rest, { path: mapPath(where.path), filePath: mapPath(where.filePath) })
    } else if (node.properties.size === 0 && node.rest !== 'closed') {
      this.#note(where.path, 'the keys are too many to compare')
    } else {
      this.findings.push(findings.becameMap(node, file, where.path, this.#textual))
    }
  }

  #removed(name: RemovedName, required: boolean, parent: PathProfile): void {
    if (required || this.isSchema) {
      this.findings.push(findings.removed(name, required, parent.types.object))
    } else {
      const message = 'optional, and not in this file'
      this.observations.push({ kind: 'absent-optional', path: name.path, message })
    }
  }

  #added(node: ContractNode, file: PathProfile, names: readonly AddedName[], where: Where): void {
    const fresh = names.filter(({ key, path, file: child }) => {
      const described = node.patterned(key)
      if (described) this.#compare(described, child, { path, filePath: path })
      return described === null
    })
    if (fresh.length === 0) return
    if (typeof node.rest === 'object') {
      // One map for all of them, as the contract has it.
      const all = fresh.map((name) => name.file).reduce(mergePaths)
      this.#compare(node.rest, all, { path: mapPath(where.path), filePath: mapPath(where.filePath) })
      return
    }
    const known = [...file.children].filter(([key]) => node.properties.has(key))
    const last = Math.max(-1, ...known.map(([, child]) => child.position?.max ?? -1))
    for (const { path, file: child } of fresh) {
      if (node.rest === 'undecided') {
        this.#note(path, 'whether the contract allows this key is not decided')
        continue
      }
      const appended = child.position !== null && child.position.min > last
      const facts = { closed: node.rest === 'closed', byPosition: this.#byPosition, appended }
      this.findings.push(findings.added(child, path, file.types.object, facts, this.#textual))
    }
  }

  #order(node: ContractNode, file: PathProfile, renames: ReadonlyMap<string, string>, path: string): void {
    const { moved, positions } = columnOrder(node, file, renames)
    if (moved === 0) return
    if (this.#byPosition || this.policy.profile === 'strict') {
      this.findings.push(findings.reordered(path, moved, this.#byPosition, positions))
    } else {
      this.#note(path, 'the columns stand in another order')
    }
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
