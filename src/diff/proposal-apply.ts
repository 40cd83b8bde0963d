/** Accepting drift: what the changes of a report propose, written into the contract. */
import { DrifthookError, type FieldError } from '../errors.js'
import { evidenceKey, isRecord, readOrigin } from './evidence.js'
import { root } from './paths.js'
import type { Change, ContractSchema, Policy, Proposal } from './report.js'
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

/** What says something about the values below a path, not about the path. */
const below = `properties required additionalProperties patternProperties items`.split(' ')

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
  const inOrder = [...changes].sort((a, b) => Number(b.path === root) - Number(a.path === root))
  for (const change of inOrder) {
    if (wanted && !wanted.has(change.path)) continue
    if (change.proposal?.op === 'alias') aliases.push({ from: change.proposal.from, to: change.proposal.to })
    if (!apply(edit, change)) {
      moved.push({ path: change.path, code: 'moved', message: 'The contract has changed here since.' })
    }
  }
  if (moved.length > 0) {
    throw new DrifthookError('CONFLICT', 'The contract has moved on since this report.', { errors: moved })
  }
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
      return Object.entries(proposal.positions).every(([path, at]) => reposition(edit.get(path), at))
    case 'alias':
      return (
        edit.get(proposal.from) !== null && (!proposal.schema || set(edit, proposal.from, proposal, aspect))
      )
    case 'set':
      if ((edit.get(proposal.path) !== null) === (kind === 'added')) return false
      return set(edit, proposal.path, proposal, aspect)
  }
}

function set(
  edit: SchemaEdit,
  path: string,
  { schema, required }: { schema?: ContractSchema; required?: boolean },
  aspect: Change['aspect'],
): boolean {
  const before = edit.get(path)
  const fragment = structuredClone(schema ?? {})
  // What is below has changes of its own, which may not have been accepted.
  if (before && aspect !== 'structure') {
    for (const keyword of below) {
      if (before[keyword] === undefined) delete fragment[keyword]
      else fragment[keyword] = before[keyword]
    }
  }
  if (!edit.set(path, fragment)) return false
  if (required !== undefined) edit.require(path, required)
  return true
}

function respell(schema: ContractSchema, { dialect }: Extract<Proposal, { op: 'spelling' }>): void {
  const evidence = isRecord(schema[evidenceKey]) ? schema[evidenceKey] : {}
  schema[evidenceKey] = { ...evidence, dialect: { ...readOrigin(schema).dialect, ...dialect } }
}

function reposition(fragment: ContractSchema | null, at: number): boolean {
  const evidence = fragment?.[evidenceKey]
  if (fragment && isRecord(evidence)) fragment[evidenceKey] = { ...evidence, position: { min: at, max: at } }
  return fragment !== null
}
