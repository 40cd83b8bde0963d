/**
 * What every script begins with: how keys are called, how records are found, and how a record that comes,
 * changes or goes moves in everything that finds it.
 *
 * KEYS[1] is the shard, `{prefix:number}`; all other keys begin with it and so lie in the same slot.
 *
 *   row:<table>:<tenant>:<id>          hash: the record's columns; null is a field that is not there
 *   index:<table>:<index>:<tenant>     sorted set, all scores 0: the columns' values as `entry` writes them
 *   unique:<table>:<key>               hash: the key's values to tenant and id
 *   tenants:<table>                    sorted set, all scores 0: tenants that have records
 *   lane:<table>:<tenant>:<lane>       sorted set: ids of unfinished work by `dueAt`
 *   leases:<table>:<tenant>:<lane>     sorted set: ids of leased work by `leaseUntil`
 *   asleep:<table>, awake:<table>      sorted sets: tenant and lane by when their first work is due
 *   turns:<table>, turns:<table>:<tenant>   sorted sets: tenants and lanes awake, whose turn is next first
 *   turn:<table>                       the number of the last turn
 *
 * A tenant is written with its length in bytes before it, so that no two pairs of texts make one key.
 */
import { declaredLua } from './declared.js'

const keysLua = String.raw`
local shard = KEYS[1]
local call = redis.call

local function key(kind, name, tenant, rest)
  local start = shard .. ':' .. kind .. ':' .. name
  if not tenant then return start end
  start = start .. ':' .. #tenant .. ':' .. tenant
  return rest and start .. ':' .. rest or start
end

-- Numbers as text that is ordered by size.
local function ordered(value)
  local number = tonumber(value)
  if number < 0 then return '0' .. string.format('%016.0f', 9007199254740991 + number) end
  return '1' .. string.format('%016.0f', number)
end

-- Values as bytes that are ordered column by column: null first, text by code point. Text has no NUL.
local function entry(spec, columns, record)
  local parts = {}
  for at, name in ipairs(columns) do
    local value = record[name]
    if value then
      parts[at] = '\1' .. (spec.numbers[name] and ordered(value) or value) .. '\0'
    else
      parts[at] = '\0'
    end
  end
  return table.concat(parts)
end

-- The id at the end of an index's entry.
local function idOf(member)
  return string.sub(string.match(member, '([^%z]+)%z$'), 2)
end

-- The values of a unique key, or false if there is a null among them.
local function keyOf(spec, columns, record)
  for _, name in ipairs(columns) do
    if not record[name] then return false end
  end
  return entry(spec, columns, record)
end

-- Two texts as one, and back.
local function pair(one, two)
  return one .. '\0' .. two
end
local function unpair(both)
  return string.match(both, '^([^%z]*)%z([^%z]*)$')
end
`

const lanesLua = `
-- Takes a lane out of the turns, and its tenant if that was its last.
local function leave(name, tenant, lane)
  local lanes = key('turns', name, tenant)
  call('ZREM', lanes, lane)
  if call('EXISTS', lanes) == 0 then call('ZREM', key('turns', name), tenant) end
end

-- Files a lane under the instant its first work is due.
local function file(name, tenant, lane)
  local first = call('ZRANGE', key('lane', name, tenant, lane), 0, 0, 'WITHSCORES')
  local asleep, awake, own = key('asleep', name), key('awake', name), pair(tenant, lane)
  if not first[2] then
    call('ZREM', asleep, own)
    if call('ZREM', awake, own) == 1 then leave(name, tenant, lane) end
  elseif call('ZSCORE', awake, own) then
    call('ZADD', awake, first[2], own)
  else
    call('ZADD', asleep, first[2], own)
  end
end

-- Moves a piece of work to its place in its lane. It has one while it has a dueAt.
local function lay(name, tenant, id, before, after)
  local was = before and before.dueAt and before.lane
  local is = after and after.dueAt and after.lane
  if was and was ~= is then
    call('ZREM', key('lane', name, tenant, was), id)
    call('ZREM', key('leases', name, tenant, was), id)
    file(name, tenant, was)
  end
  if is then
    local leases = key('leases', name, tenant, is)
    call('ZADD', key('lane', name, tenant, is), after.dueAt, id)
    if after.leaseUntil then
      call('ZADD', leases, after.leaseUntil, id)
    elseif was == is then
      call('ZREM', leases, id)
    end
    file(name, tenant, is)
  end
end
`

const changesLua = `
-- Moves a record in all that finds it, from what it was to what it is; nil: it is not there.
local function place(spec, name, tenant, id, before, after)
  for at, index in ipairs(spec.indexes) do
    local old = before and entry(spec, index.columns, before)
    local new = after and entry(spec, index.columns, after)
    if old ~= new then
      local entries = key('index', name .. ':' .. index.name, tenant)
      if old then call('ZREM', entries, old) end
      if new then call('ZADD', entries, 0, new) end
      if at == 1 and not before then
        call('ZADD', key('tenants', name), 0, tenant)
      elseif at == 1 and not after and call('EXISTS', entries) == 0 then
        call('ZREM', key('tenants', name), tenant)
      end
    end
  end
  for _, unique in ipairs(spec.unique) do
    local old = before and keyOf(spec, unique.columns, before)
    local new = after and keyOf(spec, unique.columns, after)
    if old ~= new then
      local holders = key('unique', name .. ':' .. unique.name)
      if old then call('HDEL', holders, old) end
      if new then call('HSET', holders, new, pair(tenant, id)) end
    end
  end
  if spec.work then lay(name, tenant, id, before, after) end
end

-- The columns by which a record is found.
local function viewOf(spec, row)
  local view = {}
  local values = call('HMGET', row, unpack(spec.viewed))
  for at, name in ipairs(spec.viewed) do view[name] = values[at] end
  return view
end

-- What a record's view becomes, or nil if it stays as it is.
local function changed(spec, view, set)
  local after
  for _, name in ipairs(spec.viewed) do
    if set[name] ~= nil and set[name] ~= view[name] then
      if not after then
        after = {}
        for each, value in pairs(view) do after[each] = value end
      end
      after[name] = set[name]
    end
  end
  return after
end

local function remove(spec, name, tenant, id)
  local row = key('row', name, tenant, id)
  local view = viewOf(spec, row)
  call('UNLINK', row)
  place(spec, name, tenant, id, view, nil)
end

-- A whole record, its columns in their declared order; false where there is none.
local function whole(spec, name, tenant, id)
  local values = call('HMGET', key('row', name, tenant, id), unpack(spec.columns))
  return values[1] and values
end
`

export const recordsLua = [declaredLua, keysLua, lanesLua, changesLua].join('')
