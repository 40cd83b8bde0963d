import type { Stored } from '../shared/codec.js'
import { statementWith } from '../sql/statement.js'

/** What `pg` makes a parameter of. */
export type Parameter = Stored | Buffer | readonly (Stored | Buffer)[]

/** Takes a value, or an array of them, and returns its placeholder. */
export type Bind = (value: Parameter) => string

/** A statement with its values, in the order in which they were bound. */
export const statement = statementWith<Parameter>((n) => `$${n}`)
