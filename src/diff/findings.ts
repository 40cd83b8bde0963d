/** The findings of a comparison, each made in one place: its words, what it rests on, what accepting it writes. */
import { anyPlace, fileLabel, firstOf, type Issue } from './checks.js'
import type { ContractNode } from './contract.js'
import { repeats } from './elements.js'
import { someEvidence, strongEvidence } from './inference.js'
import type { Facts, Finding } from './policy.js'
import type { PathProfile } from './profile.js'
import { amendedFragment, newFragment } from './proposal.js'
import type { RemovedName, RenameMatch } from './rename.js'
import type { ContractSchema, Proposal } from './report.js'
import { treeOf } from './schema-profile.js'

/** The path by the contract's names and by the file's. They differ below a rename. */
export interface Paths {
  path: string
  filePath: string
}

/** The element whose text is compared, where the path is that of the element. */
export interface Element {
  node: ContractNode
  file: PathProfile
}

/** Something at a path is not as it was. `issues` are all at that path: one proposal settles them. */
export function changed(
  node: ContractNode,
  file: PathProfile,
  path: string,
  issue: Issue,
  issues: readonly Issue[],
  textual: boolean,
  whole?: Element,
): Finding {
  const { aspect, from, to, facts, evidence, witness } = issue
  const schema = amended(node, file, issues, textual, whole)
  const proposal = { op: 'set' as const, path, schema, ...(issue.whole ? { whole: true } : {}) }
  return {
    kind: 'changed',
    path,
    aspect,
    from,
    to,
    facts,
    evidence,
    proposal,
    ...(witness ? { witness } : {}),
  }
}

/** A path that every parent had is missing in some. */
export function sometimes(
  node: ContractNode,
  file: PathProfile,
  path: string,
  parents: number,
  issues: readonly Issue[],
  textual: boolean,
): Finding {
  return located(
    {
      kind: 'changed',
      path,
      aspect: 'presence',
      from: 'always',
      to: 'sometimes',
      facts: node.evidence ? { strong: node.parents >= strongEvidence } : { declared: true },
      evidence: { ...seenBy(node), file: file.seen, of: parents },
      proposal: { op: 'set', path, schema: amended(node, file, issues, textual), required: false },
    },
    firstOf(file, ['missing']),
  )
}

export function renamed(
  { removed, added, confidence, evidence }: RenameMatch,
  required: boolean,
  textual: boolean,
): Finding {
  return located(
    {
      kind: 'renamed',
      path: removed.path,
      toPath: added.path,
      from: contractLabel(removed.node),
      to: fileLabel(added.file, textual),
      confidence,
      evidence,
      facts: { required, weak: isWeak(removed.node) },
      proposal: { op: 'alias', from: removed.path, to: added.path },
    },
    anyPlace(added.file),
  )
}

/** A rename that changes more than the name is still one change: the first issue gives it its aspect. */
export function renamedAndChanged(
  finding: Finding,
  node: ContractNode,
  file: PathProfile,
  issues: readonly [Issue, ...Issue[]],
  textual: boolean,
  whole?: Element,
): void {
  const [issue] = issues
  const { aspect, from, to, facts, evidence, witness } = issue
  const rename = { ...finding.facts }
  Object.assign(finding, { aspect, from, to })
  finding.evidence = { ...finding.evidence, ...evidence }
  finding.facts = { ...facts, ...rename }
  finding.proposal = {
    ...(finding.proposal as AliasProposal),
    schema: amended(node, file, issues, textual, whole),
  }
  if (witness) finding.witness = witness
}

export function removed({ path, node }: RemovedName, required: boolean, parents: number): Finding {
  return {
    kind: 'removed',
    path,
    from: contractLabel(node),
    to: null,
    facts: { required, weak: isWeak(node) },
    evidence: { ...seenBy(node), file: 0, of: parents },
    proposal: { op: 'remove', path },
  }
}

/** What a removal may be instead: likely a rename, but not sure enough to count as one. */
export function suggest(removal: Finding, { added, confidence }: RenameMatch): void {
  removal.evidence = { ...removal.evidence, suggestion: { path: added.path, confidence } }
}

export function added(
  file: PathProfile,
  { path, filePath }: Paths,
  parents: number,
  facts: Facts,
  textual: boolean,
): Finding {
  const required = file.seen >= parents && parents >= someEvidence
  return located(
    {
      kind: 'added',
      path: filePath,
      from: null,
      to: fileLabel(file, textual),
      facts,
      evidence: { file: file.seen, of: parents },
      proposal: { op: 'set', path, schema: newFragment(file, parents, textual), required },
    },
    anyPlace(file),
  )
}

/** An object of known keys has become one with too many keys to tell apart. */
export function becameMap(node: ContractNode, file: PathProfile, path: string, textual: boolean): Finding {
  return located(
    {
      kind: 'changed',
      path,
      aspect: 'structure',
      from: 'object of known keys',
      to: 'map of many keys',
      facts: {},
      evidence: { contract: node.properties.size, of: file.types.object },
      proposal: { op: 'set', path, schema: newFragment(file, file.seen, textual), whole: true },
    },
    anyPlace(file),
  )
}

export function reordered(
  path: string,
  moved: number,
  byPosition: boolean,
  positions: Record<string, number>,
): Finding {
  return {
    kind: 'changed',
    path,
    aspect: 'order',
    from: 'columns in the known order',
    to: 'columns in another order',
    facts: { byPosition },
    evidence: { moved },
    proposal: { op: 'order', positions },
  }
}

type AliasProposal = Extract<Proposal, { op: 'alias' }>

/** The fragment for a path under which the file passes. */
export function amended(
  node: ContractNode,
  file: PathProfile,
  issues: readonly Issue[],
  textual: boolean,
  whole: Element = { node, file },
): ContractSchema {
  const tree = node.evidence ? treeOf(whole.node, node.evidence.seen) : null
  const schema = amendedFragment((tree ? null : node.simple) ?? node, tree, whole.file, issues, textual)
  const repeated = tree === null && (node.many || repeats(file))
  return repeated ? { type: 'array', items: schema } : schema
}

function located(finding: Finding, witness: Finding['witness']): Finding {
  return witness ? { ...finding, witness } : finding
}

function seenBy(node: ContractNode): Record<string, unknown> {
  return { contract: node.evidence ? node.evidence.seen : 'declared' }
}

function isWeak(node: ContractNode): boolean {
  return node.evidence !== null && node.parents < someEvidence
}

function contractLabel(node: ContractNode): string {
  if (node.many) return 'array'
  const types = [...((node.simple ?? node).types ?? [])].filter((type) => type !== 'null')
  return types.sort().join(' | ') || 'any'
}
