import type { Stored } from '../shared/codec.js'
import { statementWith } from '../sql/statement.js'

/** A statement with its values, in the order in which they were bound. */
export const statement = statementWith<Stored>(() => '?')
