/** Local references of a JSON Schema (Core §8.2.3.1). */
import { isRecord } from './evidence.js'
import type { ContractSchema } from './report.js'

/** Where a schema is being read: in which document, and by which references one came there. */
export interface ReadContext {
  readonly document: ContractSchema
  /** The references being followed, to notice a circle. */
  readonly refs: readonly string[]
  /** How many references may still be followed: a few that double each other would never end. */
  readonly budget: { refs: number; nodes: number }
}

export function readContext(document: ContractSchema): ReadContext {
  return { document, refs: [], budget: { refs: 200_000, nodes: 100_000 } }
}

/** What a local reference points at; null for remote ones, dangling ones and circles. */
export function follow(ref: unknown, context: ReadContext): { target: unknown; context: ReadContext } | null {
  if (typeof ref !== 'string' || context.refs.includes(ref)) return null
  if (--context.budget.refs < 0) return null
  const target = resolve(ref, context.document)
  if (!isRecord(target) && typeof target !== 'boolean') return null
  return { target, context: { ...context, refs: [...context.refs, ref] } }
}

function resolve(ref: string, document: ContractSchema): unknown {
  if (ref === '#') return document
  if (!ref.startsWith('#/')) return undefined
  let node: unknown = document
  for (const part of ref.slice(2).split('/')) {
    const name = decodePart(part)
    if (Array.isArray(node)) node = node[Number(name)]
    else if (isRecord(node) && Object.hasOwn(node, name)) node = node[name]
    else return undefined
  }
  return node
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part).replace(/~1/g, '/').replace(/~0/g, '~')
  } catch {
    return part
  }
}
