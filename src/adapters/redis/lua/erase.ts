/**
 * Erases records of a tenant, with all that finds them.
 *
 * KEYS[1]: the shard. ARGV: table, tenant, at most so many. Answers how many it were.
 */
import { recordsLua } from './records.js'

export const eraseLua = `${recordsLua}
local name, tenant = ARGV[1], ARGV[2]
local spec = declared(name)
local entries = key('index', name .. ':' .. spec.indexes[1].name, tenant)
local found = call('ZRANGE', entries, 0, tonumber(ARGV[3]) - 1)
for _, member in ipairs(found) do remove(spec, name, tenant, idOf(member)) end
return #found
`
