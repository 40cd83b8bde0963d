/**
 * Flat columns, the way DriftGuard spells a contract: names, seven types, required or not. A convenience over
 * JSON Schema; what only JSON Schema can say is lost on the way back.
 */
import { DrifthookError, type FieldError } from '../errors.js'
import { isRecord, setOwn } from './evidence.js'
import type { ContractSchema } from './report.js'
import { jsonSchemaDialect } from './schema.js'

export const columnTypes = ['string', 'integer', 'number', 'boolean', 'date', 'timestamp', 'json'] as const
export type ColumnType = (typeof columnTypes)[number]

export interface Column {
  /** Case-sensitive. */
  name: string
  type: ColumnType
  /** Default: true. */
  required?: boolean
}

export interface Columns {
  columns: Column[]
}

const fragments: Readonly<Record<ColumnType, ContractSchema>> = {
  string: { type: 'string' },
  integer: { type: 'integer' },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  date: { type: 'string', format: 'date' },
  timestamp: { type: 'string', format: 'date-time' },
  json: { type: ['object', 'array'] },
}

/**
 * The contract for one record of flat columns; of a table it describes every record.
 * @param flat as it came in: nothing is taken for granted
 * @throws DrifthookError `INVALID_REQUEST` with every fault by its path: `columns[2].type`
 */
export function fromColumns(flat: Columns): ContractSchema {
  const given: unknown = flat
  const columns = isRecord(given) && Array.isArray(given.columns) ? (given.columns as unknown[]) : null
  const errors = columns ? faultsOf(columns) : [fault('columns', 'type', 'A list of columns.')]
  if (columns?.length === 0) errors.push(fault('columns', 'too_small', 'At least one column.'))
  if (columns === null || errors.length > 0) {
    throw new DrifthookError('INVALID_REQUEST', 'The columns are not valid.', { errors })
  }
  const properties = {}
  for (const { name, type } of columns as Column[]) setOwn(properties, name, { ...fragments[type] })
  const required = (columns as Column[]).filter((column) => column.required !== false).map(({ name }) => name)
  return {
    $schema: jsonSchemaDialect,
    type: 'object',
    properties,
    ...(required.length > 0 ? { required } : {}),
  }
}

function faultsOf(columns: readonly unknown[]): FieldError[] {
  const names = new Set<unknown>()
  return columns.flatMap((column, i) => {
    const at = `columns[${i}]`
    if (!isRecord(column)) return [fault(at, 'type', 'An object with name and type.')]
    const { name, type, required } = column
    const found: FieldError[] = []
    if (typeof name !== 'string' || name === '') found.push(fault(`${at}.name`, 'required', 'A name.'))
    else if (names.has(name)) found.push(fault(`${at}.name`, 'duplicate', 'Another column has this name.'))
    names.add(name)
    if (!columnTypes.includes(type as ColumnType))
      found.push(fault(`${at}.type`, 'unknown_type', `One of ${columnTypes.join(', ')}.`))
    if (required !== undefined && typeof required !== 'boolean')
      found.push(fault(`${at}.required`, 'type', 'true or false.'))
    return found
  })
}

function fault(path: string, code: string, message: string): FieldError {
  return { path, code, message }
}

/**
 * A contract as flat columns: its record's keys with the nearest of the seven types. Nested values are
 * `json`; what has no type, or several, is `string`, which accepts the text of anything.
 * @throws DrifthookError `SCHEMA_UNSUPPORTED` when it does not describe records
 */
export function toColumns(schema: ContractSchema): Columns {
  const record = isRecord(schema.items) && !isRecord(schema.properties) ? schema.items : schema
  const { properties, required } = record
  if (!isRecord(properties)) {
    throw new DrifthookError('SCHEMA_UNSUPPORTED', 'The contract does not describe records with known keys.')
  }
  const needed = new Set(Array.isArray(required) ? required : [])
  return {
    columns: Object.entries(properties).map(([name, property]) => ({
      name,
      type: columnType(isRecord(property) ? property : {}),
      required: needed.has(name),
    })),
  }
}

function columnType({ type, format }: ContractSchema): ColumnType {
  const list: unknown[] = Array.isArray(type) ? type : [type]
  const types = list.filter((name) => name !== 'null')
  if (types.length > 0 && types.every((name) => name === 'object' || name === 'array')) return 'json'
  if (types.length === 2 && types.includes('integer') && types.includes('number')) return 'number'
  const [only] = types
  if (types.length !== 1) return 'string'
  if (only === 'string' && format === 'date') return 'date'
  if (only === 'string' && format === 'date-time') return 'timestamp'
  return columnTypes.includes(only as ColumnType) ? (only as ColumnType) : 'string'
}
