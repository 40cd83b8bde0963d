/** The whole of a comparison: the file itself, every path, and what moved from one parent to another. */
import type { ContractNode } from './contract.js'
import * as findings from './findings.js'
import { integrity } from './integrity.js'
import { root } from './paths.js'
import type { Finding } from './policy.js'
import { emptyPath, type PathProfile } from './profile.js'
import { acceptedMoves, type Come, findMoves, type Gone } from './rename-move.js'
import { toSchema } from './schema.js'
import { dialectFindings } from './table.js'
import { Walk } from './walk.js'

export class Comparison extends Walk {
  run(): void {
    for (const found of this.file.findings) {
      if (!this.judge.ignores(found.path)) this.observations.push(integrity(found))
    }
    const spelling = dialectFindings(this.contract.dialect, this.file.dialect, () => toSchema(this.file))
    this.findings.push(...spelling.findings.filter(({ path }) => !this.judge.ignores(path)))
    if (!spelling.comparable) return
    const { node, file } = this.#roots()
    this.compare(node, file, { path: root, filePath: root })
    this.#moves()
  }

  /** Names that are below another parent now: one change instead of two. */
  #moves(): void {
    const { aliases = [] } = this.policy
    const accepted = acceptedMoves(this.gone, this.come, aliases)
    for (const { removed, added } of accepted) this.#moved(removed, added)
    if (this.renames.enabled === false) return
    const settled = new Set<Gone | Come>(accepted.flatMap(({ removed, added }) => [removed, added]))
    // What is merely absent has not moved.
    const gone = this.gone.filter((name) => !settled.has(name) && name.said.kind === 'removed')
    const come = this.come.filter((name) => !settled.has(name))
    for (const match of findMoves(gone, come, this.renames.threshold)) {
      const rename = findings.renamed(match, match.removed.required, this.textual)
      this.findings.push(rename)
      this.#moved(match.removed, match.added, rename)
    }
  }

  #moved(removed: Gone, added: Come, rename?: Finding): void {
    takeOut(this.findings, removed.said)
    takeOut(this.findings, added.said)
    takeOut(this.observations, removed.said)
    const where = { path: removed.path, filePath: added.path }
    this.compareChild(removed, added.file, added.parentFile, where, rename)
  }

  /** A contract for one record meets a table of many, or one for JSON lines a file with one line. */
  #roots(): { node: ContractNode; file: PathProfile } {
    const node = this.contract.root
    const { root: file } = this.file
    if (this.table && node.types?.has('object') && !node.types.has('array') && file.items) {
      return { node, file: file.items }
    }
    if (this.contract.dialect.lines === true && file.types.object > 0) {
      const lines = { ...emptyPath(), seen: 1, items: file, length: { min: 1, max: 1 } }
      lines.types.array = 1
      return { node, file: lines }
    }
    return { node, file }
  }
}

function takeOut<T>(list: T[], one: unknown): void {
  const at = list.indexOf(one as T)
  if (at >= 0) list.splice(at, 1)
}
