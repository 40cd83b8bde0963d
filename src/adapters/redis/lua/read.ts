/** Scripts that read: a page of an index, the holder of a unique key, when work is due. */
import { entriesPerPage } from '../../shared/list-plan.js'
import { recordsLua } from './records.js'

/**
 * One page in the order of an index.
 *
 * KEYS[1]: the shard.
 * ARGV: table, index, tenant, ZRANGEBYLEX or ZREVRANGEBYLEX, its two bounds, at most so many records; then for
 * each filter its column, `null` if null is wanted, and a counted list of values wanted.
 *
 * Answers the records, and the one after which the next page begins or nil.
 */
export const listLua = `${recordsLua}
local name, index, tenant, limit = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[7])
local spec = declared(name)
local columns, wanted, at = {}, {}, 8
while at <= #ARGV do
  local values = {}
  columns[#columns + 1] = ARGV[at]
  wanted[#columns] = values
  if ARGV[at + 1] == 'null' then values[false] = true end
  local count = tonumber(ARGV[at + 2])
  for each = at + 3, at + 2 + count do values[ARGV[each]] = true end
  at = at + 3 + count
end

local function matches(id)
  if #columns == 0 then return true end
  for each, value in ipairs(call('HMGET', key('row', name, tenant, id), unpack(columns))) do
    if not wanted[each][value] then return false end
  end
  return true
end

local most = ${entriesPerPage}
local sought = math.min(#columns == 0 and limit or most, most) + 1
local entries = key('index', name .. ':' .. index, tenant)
local found = call(ARGV[4], entries, ARGV[5], ARGV[6], 'LIMIT', 0, sought)
local records = {}
for each, member in ipairs(found) do
  if each > most then return { records, whole(spec, name, tenant, idOf(found[most])) } end
  local id = idOf(member)
  if matches(id) then
    if #records == limit then return { records, records[limit] } end
    records[#records + 1] = whole(spec, name, tenant, id)
  end
end
return { records, false }
`

/**
 * The record that has a unique key.
 *
 * KEYS[1]: the shard. ARGV: table, key, its values as an entry.
 */
export const lookupLua = `${recordsLua}
local name = ARGV[1]
local holder = call('HGET', key('unique', name .. ':' .. ARGV[2]), ARGV[3])
if not holder then return false end
local tenant, id = unpair(holder)
return whole(declared(name), name, tenant, id)
`

/**
 * When the next piece of unfinished work is claimable, or nil. One script, since a claim moves lanes meanwhile.
 *
 * KEYS[1]: the shard. ARGV: table.
 */
export const nextDueLua = `
local next
for _, heads in ipairs({ 'asleep', 'awake' }) do
  local first = redis.call('ZRANGE', KEYS[1] .. ':' .. heads .. ':' .. ARGV[1], 0, 0, 'WITHSCORES')[2]
  if first and (not next or tonumber(first) < tonumber(next)) then next = first end
end
return next or false
`
