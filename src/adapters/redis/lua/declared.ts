/** The declared tables as Lua, for the scripts to look up: written once, from `ports/tables.ts`. */
import { declaration, type TableName, tables } from '../../../ports/tables.js'

export interface Declared {
  /** Every column, in the order in which records are read. */
  columns: readonly string[]
  /** The columns by which a record is found: those of its keys, indexes and lane. */
  viewed: readonly string[]
  /** Which of those are ordered by size. */
  numbers: readonly string[]
  unique: readonly (readonly [name: string, columns: readonly string[]])[]
  /** With `id` at the end. The first lists all of a tenant's records. */
  indexes: readonly (readonly [name: string, columns: readonly string[]])[]
  work: boolean
}

/** What a table without a declared index has: the order of its ids. */
const plainIndex = { id: [] }

export function declared(table: TableName): Declared {
  const { columns, unique, indexes, work } = declaration(table)
  const ordered = Object.keys(indexes).length > 0 ? indexes : plainIndex
  const lists = Object.entries(ordered).map(([name, names]) => [name, [...names, 'id']] as const)
  const keys = Object.entries(unique)
  const placed = work ? ['lane', 'dueAt', 'leaseUntil'] : []
  const viewed = new Set([...[...keys, ...lists].flatMap(([, names]) => names), ...placed])
  return {
    columns: Object.keys(columns),
    viewed: [...viewed],
    numbers: [...viewed].filter((name) => ['integer', 'instant'].includes(columns[name]!.kind)),
    unique: keys,
    indexes: lists,
    work,
  }
}

const list = (items: readonly string[]) => `{${items.join(', ')}}`
const names = (of: readonly string[]) => list(of.map((name) => `'${name}'`))
const named = (of: Declared['unique']) =>
  list(of.map(([name, columns]) => `{name = '${name}', columns = ${names(columns)}}`))

function luaTable(table: TableName): string {
  const { columns, viewed, numbers, unique, indexes, work } = declared(table)
  return `{
    columns = ${names(columns)},
    viewed = ${names(viewed)},
    numbers = ${list(numbers.map((name) => `${name} = true`))},
    unique = ${named(unique)},
    indexes = ${named(indexes)},
    work = ${work},
  }`
}

/** `declared(name)`: made only when asked for, since a script runs anew for every call. */
export const declaredLua = `
local function declare(name)
${(Object.keys(tables) as TableName[])
  .map((table) => `  if name == '${table}' then return ${luaTable(table)} end`)
  .join('\n')}
end

local specs = {}
local function declared(name)
  specs[name] = specs[name] or declare(name)
  return specs[name]
end
`
