/**
 * Pairs rows with columns, each at most once, so that the weights of the pairs add up to the most; and says
 * of each pair what the best pairing loses without it. That loss is threshold and margin in one: it is never
 * more than the weight itself, and near zero when another partner, in either direction, does as well.
 */

export interface Edge {
  row: number
  column: number
  /** Above 0: a pair that is better than none. */
  weight: number
}

export interface Assigned extends Edge {
  /** What the whole loses when this pair is forbidden. */
  loss: number
}

/** Up to so many rows or columns hanging together the pairing is optimal, above it is greedy. */
export const optimalSide = 300

/** Rows that share no column, not even by a chain of pairs, are paired apart. */
export function assign(edges: readonly Edge[]): Assigned[] {
  return components(edges.filter(({ weight }) => weight > 0)).flatMap((part) => {
    const rows = [...new Set(part.map(({ row }) => row))]
    const columns = [...new Set(part.map(({ column }) => column))]
    if (Math.max(rows.length, columns.length) > optimalSide) return assignGreedily(part)
    return assignOptimally(part, rows, columns)
  })
}

function components(edges: readonly Edge[]): Edge[][] {
  const parents = new Map<string, string>()
  const find = (id: string): string => {
    let top = id
    for (let up = parents.get(top); up !== undefined && up !== top; up = parents.get(top)) top = up
    parents.set(id, top)
    return top
  }
  for (const { row, column } of edges) parents.set(find(`r${row}`), find(`c${column}`))
  const parts = new Map<string, Edge[]>()
  for (const edge of edges) {
    const top = find(`r${edge.row}`)
    const part = parts.get(top)
    if (part) part.push(edge)
    else parts.set(top, [edge])
  }
  return [...parts.values()]
}

/** A pairing under way. Columns count from 1; column 0 is where a new row enters. */
interface Pairing {
  rowOf: Int32Array
  rowPrice: Float64Array
  columnPrice: Float64Array
}

/**
 * The Hungarian method with prices (Kuhn 1955, Jonker & Volgenant 1987): each row is added by one shortest
 * augmenting path. Without a pair, only its row has to be added again: the prices still hold.
 */
function assignOptimally(
  edges: readonly Edge[],
  rows: readonly number[],
  columns: readonly number[],
): Assigned[] {
  const rowAt = new Map(rows.map((row, i) => [row, i + 1]))
  const columnAt = new Map(columns.map((column, i) => [column, i + 1]))
  // A partner of its own for each that stays alone, so that every row and every column has one.
  const width = columns.length + rows.length
  const cost = Array.from({ length: width + 1 }, () => new Float64Array(width + 1))
  for (const { row, column, weight } of edges) cost[rowAt.get(row)!]![columnAt.get(column)!] = -weight
  const best: Pairing = {
    rowOf: new Int32Array(width + 1),
    rowPrice: new Float64Array(width + 1),
    columnPrice: new Float64Array(width + 1),
  }
  for (let row = 1; row <= width; row++) augment(cost, best, row)
  const total = totalCost(cost, best)
  return edges.flatMap((edge) => {
    const [row, column] = [rowAt.get(edge.row)!, columnAt.get(edge.column)!]
    if (best.rowOf[column] !== row) return []
    const other: Pairing = {
      rowOf: best.rowOf.slice(),
      rowPrice: best.rowPrice.slice(),
      columnPrice: best.columnPrice.slice(),
    }
    other.rowOf[column] = 0
    cost[row]![column] = 0
    augment(cost, other, row)
    const loss = totalCost(cost, other) - total
    cost[row]![column] = -edge.weight
    return [{ ...edge, loss: Math.max(0, loss) }]
  })
}

function augment(
  cost: readonly Float64Array[],
  { rowOf, rowPrice, columnPrice }: Pairing,
  row: number,
): void {
  const width = rowOf.length - 1
  const least = new Float64Array(width + 1).fill(Number.POSITIVE_INFINITY)
  const cameFrom = new Int32Array(width + 1)
  const done = new Uint8Array(width + 1)
  rowOf[0] = row
  let at = 0
  do {
    done[at] = 1
    const current = rowOf[at]!
    let step = Number.POSITIVE_INFINITY
    let next = 0
    for (let column = 1; column <= width; column++) {
      if (done[column] === 1) continue
      const reduced = cost[current]![column]! - rowPrice[current]! - columnPrice[column]!
      if (reduced < least[column]!) {
        least[column] = reduced
        cameFrom[column] = at
      }
      if (least[column]! < step) {
        step = least[column]!
        next = column
      }
    }
    for (let column = 0; column <= width; column++) {
      if (done[column] === 1) {
        rowPrice[rowOf[column]!]! += step
        columnPrice[column]! -= step
      } else {
        least[column]! -= step
      }
    }
    at = next
  } while (rowOf[at] !== 0)
  while (at !== 0) {
    const previous = cameFrom[at]!
    rowOf[at] = rowOf[previous]!
    at = previous
  }
}

function totalCost(cost: readonly Float64Array[], { rowOf }: Pairing): number {
  let total = 0
  for (let column = 1; column < rowOf.length; column++) {
    if (rowOf[column] !== 0) total += cost[rowOf[column]!]![column]!
  }
  return total
}

/** Heaviest first. The loss is the distance to the next best partner of either side, taken or not. */
function assignGreedily(edges: readonly Edge[]): Assigned[] {
  const sorted = [...edges].sort((a, b) => b.weight - a.weight || a.row - b.row || a.column - b.column)
  const [rows, columns] = [new Map<number, Edge[]>(), new Map<number, Edge[]>()]
  for (const edge of sorted) {
    if (!rows.get(edge.row)?.push(edge)) rows.set(edge.row, [edge])
    if (!columns.get(edge.column)?.push(edge)) columns.set(edge.column, [edge])
  }
  const second = (list: readonly Edge[], edge: Edge) => list.find((other) => other !== edge)?.weight ?? 0
  const [usedRows, usedColumns] = [new Set<number>(), new Set<number>()]
  return sorted.flatMap((edge) => {
    if (usedRows.has(edge.row) || usedColumns.has(edge.column)) return []
    usedRows.add(edge.row)
    usedColumns.add(edge.column)
    const rival = Math.max(second(rows.get(edge.row)!, edge), second(columns.get(edge.column)!, edge))
    return [{ ...edge, loss: Math.max(0, edge.weight - rival) }]
  })
}
