/** Accepting drift: what the changes of a report propose, written into the contract. */
import { DrifthookError, type FieldError } from '../errors.js'
import { evidenceKey, isRecord, readEvidence, readOrigin } from './evidence.js'
import { root } from './paths.js'
import type { Range } from './profile.js'
import type { Change, ContractSchema, Policy, Proposal } from './report.js'
import { isTable } from './schema.js'
import { SchemaEdit } from './schema-edit.js'

export interface AcceptOptions {
  /** The paths whose changes are accepted, as the report spells them; default: all. */
  accepted?: readonly string[]
}

export interface Accepted {
  /** The next version of the contract. */
  schema: ContractSchema
  /** Renames that were accepted, for the contract's policy. */
  aliases: NonNullable<Policy['aliases']>
}

/**
 * Writes the proposals of accepted changes into a copy of the contract they were found against. Accepting all
 * of them makes the same file pass.
 * @throws DrifthookError `INVALID_REQUEST` when an accepted path is in no change, `CONFLICT` when the
 *   contract has moved on: a path is no longer there, or one that was new is there already
 */
export function applyProposals(
  schema: ContractSchema,
  changes: readonly Change[],
  { accepted }: AcceptOptions = {},
): Accepted {
  const wanted = accepted && new Set(accepted)
  const strangers = [...(wanted ?? [])].filter((path) => !changes.some((change) => change.path === path))
  if (strangers.length > 0) {
    const errors = strangers.map((path) => ({ path, code: 'unknown', message: 'No change has this path.' }))
    throw new DrifthookError('INVALID_REQUEST', 'Some accepted paths are not in the report.', { errors })
  }
  const edit = new SchemaEdit(schema, readOrigin(schema).format)
  const aliases: Accepted['aliases'] = []
  const moved: FieldError[] = []
  // A path comes before the ones below it.
  const chosen = changes.filter(({ path }) => !wanted || wanted.has(path))
  const inOrder = chosen.sort((a, b) => Number(b.path === root) - Number(a.path === root))
  for (const change of inOrder) {
    if (change.proposal?.op === 'alias') aliases.push({ from: change.proposal.from, to: change.proposal.to })
    if (!apply(edit, change)) {
      moved.push({ path: change.path, code: 'moved', message: 'The contract has changed here since.' })
    }
  }
  if (moved.length > 0) {
    throw new DrifthookError('CONFLICT', 'The contract has moved on since this report.', { errors: moved })
  }
  if (isTable(edit.format ?? '')) placeColumns(edit, inOrder, new SchemaEdit(schema, edit.format))
  return { schema: edit.document, aliases }
}

/** Whether the contract is still as the change found it. */
function apply(edit: SchemaEdit, { kind, aspect, proposal }: Change): boolean {
  if (!proposal) return true
  switch (proposal.op) {
    case 'remove':
      return edit.remove(proposal.path)
    case 'spelling':
      respell(edit.document, proposal)
      return true
    case 'order':
      return Object.keys(proposal.positions).every((path) => edit.get(path) !== null)
    case 'alias':
      return (
        edit.get(proposal.from) !== null && (!proposal.schema || set(edit, proposal.from, proposal, aspect))
      )
    case 'set':
      // What is new beside a bare text is written with it.
      if ((edit.get(proposal.path) !== null) === (kind === 'added' && !proposal.whole)) return false
      return set(edit, proposal.path, proposal, aspect)
  }
}

function set(
  edit: SchemaEdit,
  path: string,
  { schema, required, whole }: { schema?: ContractSchema; required?: boolean; whole?: boolean },
  aspect: Change['aspect'],
): boolean {
  const before = edit.get(path)
  const fragment = structuredClone(schema ?? {})
  if (before && !whole) keepBelow(before, fragment, aspect)
  // Where a column stands is no part of what changed in it.
  const position = before && readEvidence(before)?.path.position
  if (position && isRecord(fragment[evidenceKey]))
    fragment[evidenceKey] = { ...fragment[evidenceKey], position }
  if (!edit.set(path, fragment)) return false
  if (required !== undefined) edit.require(path, required)
  return true
}

function respell(schema: ContractSchema, { dialect }: Extract<Proposal, { op: 'spelling' }>): void {
  const evidence = isRecord(schema[evidenceKey]) ? schema[evidenceKey] : {}
  schema[evidenceKey] = { ...evidence, dialect: { ...readOrigin(schema).dialect, ...dialect } }
}

const keysBelow = ['properties', 'required', 'additionalProperties', 'patternProperties'] as const

/** What is below a path has changes of its own, which may not have been accepted: it stays as it was. */
function keepBelow(before: ContractSchema, fragment: ContractSchema, aspect: Change['aspect']): void {
  // An alternative beside the old fragment holds it whole.
  if (fragment.anyOf !== undefined && before.anyOf === undefined) return
  const types = [fragment.type ?? ['object', 'array']].flat()
  const groups = [
    { keywords: keysBelow, kept: types.includes('object') },
    { keywords: ['items'], kept: types.includes('array') },
  ]
  for (const { keywords, kept } of groups) {
    const described = keywords.some((keyword) => before[keyword] !== undefined)
    if (kept && !described && (aspect === 'structure' || aspect === 'cardinality')) continue
    for (const keyword of keywords) {
      if (kept && before[keyword] !== undefined) fragment[keyword] = before[keyword]
      else delete fragment[keyword]
    }
  }
}

/** Where the columns stand after a new order, or after new ones have come between them. */
function placeColumns(edit: SchemaEdit, changes: readonly Change[], before: SchemaEdit): void {
  const added = changes.filter(({ kind }) => kind === 'added').map(({ path }) => path)
  const order = changes.flatMap(({ proposal }) =>
    proposal?.op === 'order' ? Object.entries(proposal.positions) : [],
  )
  for (const [path, at] of order) move(edit, path, () => at)
  if (order.length > 0) return
  const others = () => edit.columns().filter((path) => !added.includes(path))
  const removed = changes
    .filter(({ kind }) => kind === 'removed')
    .map(({ path }) => positionOf(before, path)?.min ?? 0)
  for (const gone of removed.sort((a, b) => b - a)) {
    for (const path of others()) move(edit, path, (old) => (old > gone ? old - 1 : old))
  }
  const positions = added.map((path) => ({ path, at: positionOf(edit, path)?.min ?? 0 }))
  for (const { at } of positions.sort((a, b) => a.at - b.at)) {
    for (const path of others()) move(edit, path, (old) => (old >= at ? old + 1 : old))
  }
}

function positionOf(edit: SchemaEdit, path: string): Range | null {
  const fragment = edit.get(path)
  return fragment && (readEvidence(fragment)?.path.position ?? null)
}

function move(edit: SchemaEdit, path: string, to: (at: number) => number): void {
  const fragment = edit.get(path)
  const evidence = fragment?.[evidenceKey]
  const at = positionOf(edit, path)
  if (!fragment || !at || !isRecord(evidence)) return
  fragment[evidenceKey] = { ...evidence, position: { min: to(at.min), max: to(at.max) } }
}
