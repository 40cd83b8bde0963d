/** A delta as JSON Patch, RFC 6902: operations that, applied in order, make the second document of the first. */
import { DrifthookError } from '../../errors.js'
import type { Delta, DeltaChange, JsonValue } from './model.js'
import { countBelow, type Move, sequenceOf } from './moves.js'
import { segmentsOf } from './pointer.js'

export type JsonPatchOperation =
  | { op: 'add'; path: string; value: JsonValue }
  | { op: 'remove'; path: string }
  | { op: 'replace'; path: string; value: JsonValue }
  | { op: 'move'; path: string; from: string }

type ChangeOf<Op extends DeltaChange['op']> = Extract<DeltaChange, { op: Op }>

/**
 * First everything goes that is to go, from the end, so that nothing yet to go changes its place: these
 * pointers are those of the first document. Then come the others as they stand in the delta: a list is moved
 * into order and added to before anything inside it is touched, so there the pointers of the second document
 * hold. Only the steps of a move are neither, and are worked out. XML and CSV: the patch is for the
 * documents as they were read.
 * @throws DrifthookError `FILE_LIMIT_EXCEEDED` if the delta is truncated: applying half of it would make
 *   neither document
 */
export function toJsonPatch(delta: Delta): JsonPatchOperation[] {
  if (delta.truncated) {
    throw new DrifthookError(
      'FILE_LIMIT_EXCEEDED',
      'The delta is truncated, so no patch can be made of it. Compare again with a higher limit.',
      delta.limit ? { limit: delta.limit } : {},
    )
  }
  const removals = delta.changes.filter((change) => change.op === 'remove')
  const gone = indexesByParent(removals)
  const come = indexesByParent(delta.changes.filter((change) => change.op === 'add'))
  const operations: JsonPatchOperation[] = fromTheEnd(removals).map(({ pointer }) => ({
    op: 'remove',
    path: pointer,
  }))
  const { changes } = delta
  for (let i = 0; i < changes.length; ) {
    const change = changes[i]!
    if (change.op !== 'move') {
      if (change.op !== 'remove') operations.push({ op: change.op, path: change.pointer, value: change.to })
      i++
      continue
    }
    // The moves of one list stand together.
    const list = split(change.pointer).parent
    const moves: ChangeOf<'move'>[] = []
    for (; i < changes.length; i++) {
      const next = changes[i]!
      if (next.op !== 'move' || split(next.pointer).parent !== list) break
      moves.push(next)
    }
    const former = split(change.fromPointer).parent
    operations.push(...movesIn(list, moves, gone.get(former) ?? [], come.get(list) ?? []))
  }
  return operations
}

/** Moves happen when what goes is gone and what comes is not there yet. */
function movesIn(
  list: string,
  moves: readonly ChangeOf<'move'>[],
  gone: readonly number[],
  come: readonly number[],
): JsonPatchOperation[] {
  const ranks = moves.map(({ pointer, fromPointer }): Move => {
    const [from, to] = [split(fromPointer).index, split(pointer).index]
    return { from: from - countBelow(gone, from), to: to - countBelow(come, to) }
  })
  return sequenceOf(ranks).map(({ from, to }) => ({
    op: 'move',
    from: `${list}/${from}`,
    path: `${list}/${to}`,
  }))
}

function split(pointer: string): { parent: string; index: number } {
  const slash = pointer.lastIndexOf('/')
  return { parent: pointer.slice(0, slash), index: Number(pointer.slice(slash + 1)) }
}

/** Of each list the indexes, in order. For objects it is of no use, nor asked. */
function indexesByParent(changes: readonly { pointer: string }[]): Map<string, number[]> {
  const indexes = new Map<string, number[]>()
  for (const { pointer } of changes) {
    const { parent, index } = split(pointer)
    const known = indexes.get(parent)
    if (known) known.push(index)
    else indexes.set(parent, [index])
  }
  return indexes
}

/** Later items before earlier ones, at every level. */
function fromTheEnd(removals: readonly ChangeOf<'remove'>[]): ChangeOf<'remove'>[] {
  return removals
    .map((change) => ({ change, segments: segmentsOf(change.pointer) }))
    .sort((x, y) => compareSegments(y.segments, x.segments))
    .map(({ change }) => change)
}

/** The shorter first, else by character: indexes by number, and keys in some order that is the same for all. */
function compareSegments(x: readonly string[], y: readonly string[]): number {
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const [left, right] = [x[i]!, y[i]!]
    if (left !== right) return left.length - right.length || (left < right ? -1 : 1)
  }
  return x.length - y.length
}
