/** Walks down a contract and a file side by side and collects what differs at each path. */
import { checkNode, fileLabel, type Issue } from './checks.js'
import type { Contract, ContractNode } from './contract.js'
import {
  cardinalityIssue,
  childrenOf,
  contentIssue,
  isSimple,
  namespaceIssue,
  oneExpected,
  oneOf,
  repeats,
  textKey,
  valuesOf,
  wasNever,
} from './elements.js'
import * as findings from './findings.js'
import { byContractName } from './names.js'
import { childPath, itemPath, mapPath, root } from './paths.js'
import type { Finding, Judge } from './policy.js'
import { mergePaths, type PathProfile, type Profile } from './profile.js'
import { type AddedName, matchRenames, type RemovedName } from './rename.js'
import type { Come, Gone } from './rename-move.js'
import type { ContractSchema, Observation, Policy } from './report.js'
import { isTable, isTextual } from './schema.js'
import { columnOrder } from './table.js'

/** Where a node of the contract and one of the file meet. */
interface Where extends findings.Paths {
  /** The text of an element that holds nothing else stands at the path of the element. */
  whole?: findings.Element
}

interface Expected {
  node: ContractNode
  required: boolean
}

export class Walk {
  readonly findings: Finding[] = []
  readonly observations: Observation[] = []
  protected readonly textual: boolean
  protected readonly table: boolean
  readonly #byPosition: boolean
  protected readonly renames: NonNullable<Policy['renames']>
  readonly #namespaces = new Set<string>()
  /** What may have moved to another parent. */
  protected readonly gone: Gone[] = []
  protected readonly come: Come[] = []

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
    this.textual = isTextual(file.format)
    this.table = isTable(file.format)
    // The names of X12 are codes and positions of a standard: nobody renames those.
    this.renames = { ...policy.renames, ...(file.format === 'x12' ? { enabled: false } : {}) }
    this.#byPosition = this.table && (policy.profile === 'positional' || contract.dialect.header === false)
  }

  /**
   * @param rename the change that says so, when the path has another name in the file
   * @returns what differs at this very path
   */
  protected compare(node: ContractNode, file: PathProfile, where: Where, rename?: Finding): Issue[] {
    if (this.judge.ignores(where.path, where.filePath)) return []
    const { issues, notes, comparable } = checkNode(node, file, {
      textual: this.textual,
      checked: this.checked,
    })
    const namespace = namespaceIssue(node, file)
    if (namespace && this.#isNews(namespace)) issues.push(namespace)
    const content = comparable.object ? contentIssue(node, file) : null
    if (content) issues.push(content)
    for (const message of notes) this.#note(where.path, message)
    if (node.evidence && node.types === null && fileLabel(file, this.textual) !== 'null') {
      this.#note(where.path, 'the contract never saw a value here')
    }
    if (rename && !rename.aspect) {
      const [first, ...more] = issues
      if (first) findings.renamedAndChanged(rename, node, file, [first, ...more], this.textual, where.whole)
    } else {
      for (const issue of issues) {
        this.findings.push(findings.changed(node, file, where.path, issue, issues, this.textual, where.whole))
      }
    }
    if (content) return issues
    if (file.items && comparable.array) this.#compareItems(node, file.items, where)
    if (file.types.object > 0 && comparable.object) this.#compareObject(node, file, where, rename)
    return issues
  }

  #compareItems(node: ContractNode, items: PathProfile, { path, filePath }: Where): void {
    if (!node.items) {
      if (node.evidence) this.#note(path, 'the contract never saw an item here')
      return
    }
    // The records of a table have no path of their own: a column is just its name.
    const flat = this.table && path === root
    if (flat) this.#compareRecords(node.items, items)
    else this.compare(node.items, items, { path: itemPath(path), filePath: itemPath(filePath) })
  }

  /** A table without records still has its columns. */
  #compareRecords(node: ContractNode, records: PathProfile): void {
    const where = { path: root, filePath: root }
    if (records.types.object === 0) this.#compareObject(node, records, where)
    else this.compare(node, records, where)
  }

  #compareObject(node: ContractNode, object: PathProfile, where: Where, rename?: Finding): void {
    const children = byContractName(childrenOf(object, node), node.properties)
    const file = children === object.children ? object : { ...object, children }
    const before = this.findings.length
    this.#compareKeys(node, file, where, rename)
    if (!node.simple || isSimple(file)) return
    // The contract has a bare text here: what is new beside it cannot be written without it.
    const schema = findings.amended(node, object, [], this.textual)
    for (const finding of this.findings.slice(before)) {
      finding.proposal = { op: 'set', path: where.path, schema, whole: true }
    }
  }

  #compareKeys(node: ContractNode, file: PathProfile, where: Where, rename?: Finding): void {
    if (file.rest) {
      this.#compareMap(node, file, file.rest, where)
      return
    }
    const gone: RemovedName[] = []
    const come: AddedName[] = []
    const isText = node.simple !== undefined && isSimple(file)
    // The text of a renamed element changes in the same change; one of several has a path of its own.
    const same = isText && rename?.path === where.path ? rename : undefined
    for (const [key, expected] of node.properties) {
      const child = file.children.get(key)
      const at = isText
        ? { ...where, whole: { node, file } }
        : { path: childPath(where.path, key), filePath: childPath(where.filePath, key) }
      if (this.judge.ignores(at.path, at.filePath)) continue
      if (child) this.compareChild(expected, child, file, at, same)
      else gone.push({ key, path: at.path, node: expected.node })
    }
    for (const [key, child] of file.children) {
      const path = childPath(where.filePath, key)
      if (!node.properties.has(key) && !this.judge.ignores(path)) come.push({ key, path, file: child })
    }
    const siblings = { node, file, table: this.table, isSchema: this.isSchema }
    const { matches, suggestions } = matchRenames(gone, come, siblings, this.policy.aliases, this.renames)
    for (const match of matches) {
      const expected = node.properties.get(match.removed.key)!
      const at = { path: match.removed.path, filePath: match.added.path }
      const rename = match.accepted ? undefined : findings.renamed(match, expected.required, this.textual)
      if (rename) this.findings.push(rename)
      this.compareChild(expected, match.added.file, file, at, rename)
    }
    const matched = new Set<RemovedName | AddedName>(matches.flatMap((match) => [match.removed, match.added]))
    for (const name of gone) {
      if (matched.has(name)) continue
      const { required } = node.properties.get(name.key)!
      const said = this.#removed(name, required, file)
      if (said === null) continue
      const suggestion = suggestions.find(({ removed }) => removed === name)
      if (suggestion && said.kind === 'removed') findings.suggest(said, suggestion)
      this.gone.push({ ...name, parent: where.path, required, said })
    }
    const fresh = come.filter((name) => !matched.has(name))
    if (fresh.length > 0) this.#added(node, file, fresh, where)
    if (this.table) {
      const names = new Map(matches.map((match) => [match.removed.key, match.added.key]))
      this.#order(node, file, names, where.path)
    }
  }

  protected compareChild(
    expected: Expected,
    child: PathProfile,
    parent: PathProfile,
    where: Where,
    rename?: Finding,
  ): void {
    const { node, required } = expected
    const parents = parent.types.object
    const values = rename || where.path !== where.filePath ? valuesOf(node, child) : { node, file: child }
    const issues = this.#compareOccurrences(values.node, values.file, where, rename)
    if (!required || child.seen >= parents || this.judge.ignores(where.path, where.filePath)) return
    const finding = findings.sometimes(node, child, where.path, parents, issues, this.textual)
    if (!rename) {
      this.findings.push(finding)
      return
    }
    if (!rename.aspect)
      Object.assign(rename, { aspect: 'presence', facts: { ...finding.facts, ...rename.facts } })
    const { schema } = finding.proposal as { schema: ContractSchema }
    // What the rename says of the text of an element is not in the issues here.
    const said = node.many || repeats(child) ? {} : rename.proposal
    Object.assign(rename.proposal!, { schema, ...said, required: false })
  }

  /** What may stand several times in one parent is compared as one of them, at the path of an item. */
  #compareOccurrences(node: ContractNode, child: PathProfile, where: Where, rename?: Finding): Issue[] {
    if (!node.many && !repeats(child)) return this.compare(node, child, where, rename)
    const { path, filePath } = where
    const inside = { path: itemPath(path), filePath: itemPath(filePath) }
    const issues = this.compare(oneExpected(node), oneOf(child), inside, rename)
    const repeated = cardinalityIssue(node, child)
    if (!repeated) return issues
    const all = [repeated, ...issues]
    if (!rename) this.findings.push(findings.changed(node, child, path, repeated, all, this.textual))
    else findings.renamedAndChanged(rename, node, child, [repeated, ...issues], this.textual)
    return issues
  }

  /** A namespace that changed everywhere is one change, at the first path that shows it. */
  #isNews({ from, to }: Issue): boolean {
    const pair = JSON.stringify([from, to])
    return !this.#namespaces.has(pair) && this.#namespaces.add(pair) !== null
  }

  /** The file's object has too many keys to tell apart. */
  #compareMap(node: ContractNode, file: PathProfile, rest: PathProfile, where: Where): void {
    const names = node.parts.object.some(({ schema }) => schema.patternProperties !== undefined)
    if (names || (typeof node.rest === 'object' && node.properties.size > 0)) {
      this.#note(where.path, 'the keys are too many to compare, so what is said of some is not decided')
    }
    if (typeof node.rest === 'object') {
      this.compare(node.rest, rest, { path: mapPath(where.path), filePath: mapPath(where.filePath) })
    } else if (node.properties.size === 0 && node.rest !== 'closed') {
      this.#note(where.path, 'the keys are too many to compare')
    } else {
      this.findings.push(findings.becameMap(node, file, where.path, this.textual))
    }
  }

  #removed(name: RemovedName, required: boolean, parent: PathProfile): Finding | Observation | null {
    if (name.key === textKey && wasNever(name.node)) return null
    if (required || this.isSchema) {
      const finding = findings.removed(name, required, parent.types.object)
      this.findings.push(finding)
      return finding
    }
    const message = 'optional, and not in this file'
    const observation: Observation = { kind: 'absent-optional', path: name.path, message }
    this.observations.push(observation)
    return observation
  }

  #added(node: ContractNode, file: PathProfile, names: readonly AddedName[], where: Where): void {
    const fresh = names.filter(({ key, path, file: child }) => {
      const described = node.patterned(key)
      if (described) this.compare(described, child, { path, filePath: path })
      return described === null
    })
    if (fresh.length === 0) return
    if (typeof node.rest === 'object') {
      // One map for all of them, as the contract has it.
      const all = fresh.map((name) => name.file).reduce(mergePaths)
      this.compare(node.rest, all, { path: mapPath(where.path), filePath: mapPath(where.filePath) })
      return
    }
    const known = [...file.children].filter(([key]) => node.properties.has(key))
    const last = Math.max(-1, ...known.map(([, child]) => child.position?.max ?? -1))
    for (const name of fresh) {
      const { path, file: child } = name
      if (node.rest === 'undecided') {
        this.#note(path, 'whether the contract allows this key is not decided')
        continue
      }
      const appended = child.position !== null && child.position.min > last
      const facts = { closed: node.rest === 'closed', byPosition: this.#byPosition, appended }
      const at = { path: childPath(where.path, name.key), filePath: path }
      const said = findings.added(child, at, file.types.object, facts, this.textual)
      this.findings.push(said)
      const parents = file.types.object
      this.come.push({ ...name, parent: where.path, parents, said, parentFile: file })
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
