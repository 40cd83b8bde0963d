/**
 * All of some writes, in order, or none. First every write is checked, seeing those before it; only when none
 * is refused is the first one made, so that nothing has to be taken back.
 *
 * KEYS[1]: the shard.
 * ARGV, for each write: operation, table, tenant, id, `o` if optional, `h` if it needs the lease; then counted
 * lists: columns and values to set, columns to set to null, columns and values expected, columns expected to
 * be null, unique keys that a record of another shard has.
 *
 * Answers nil, or the refused write's place from 0, the reason, and the key.
 */
import { recordsLua } from './records.js'

const readLua = `
local at = 0
local function read()
  at = at + 1
  return ARGV[at]
end

-- A counted list of columns and values, then one of columns that are null.
local function readValues()
  local values, count = {}, tonumber(read())
  local first = at + 1
  for _ = 1, count do
    local name = read()
    values[name] = read()
  end
  local last, nulls = at, {}
  for each = 1, tonumber(read()) do
    local name = read()
    nulls[each] = name
    values[name] = false
  end
  return values, first, last, nulls
end

local function readWrite()
  local write = { op = read(), name = read(), tenant = read(), id = read() }
  write.optional, write.held = read() == 'o', read() == 'h'
  write.spec = declared(write.name)
  write.row = key('row', write.name, write.tenant, write.id)
  write.set, write.first, write.last, write.nulls = readValues()
  write.expect = readValues()
  write.elsewhere = {}
  for _ = 1, tonumber(read()) do write.elsewhere[read()] = true end
  return write
end
`

const checkLua = `
-- Records and holders of unique keys as they will be after the writes looked at so far.
local records, holders = {}, {}

local function recordOf(row)
  if not records[row] then
    records[row] = { there = call('EXISTS', row) == 1, stored = row, values = {} }
  end
  return records[row]
end

local function valueOf(record, name)
  local value = record.values[name]
  if value == nil then
    value = record.stored and call('HGET', record.stored, name)
    record.values[name] = value
  end
  return value
end

local function holderOf(unique, field)
  local place = pair(unique, field)
  if holders[place] == nil then holders[place] = call('HGET', unique, field) end
  return holders[place], place
end

-- Which unique key a write would take from another record, if any. Notes what becomes free and what is taken.
local function takenKey(write, record)
  local own = pair(write.tenant, write.id)
  for _, unique in ipairs(write.spec.unique) do
    local touched = write.op ~= 'update'
    for _, name in ipairs(unique.columns) do touched = touched or write.set[name] ~= nil end
    if touched then
      local before, after = {}, {}
      for _, name in ipairs(unique.columns) do
        before[name] = record.there and valueOf(record, name)
        after[name] = write.set[name]
        if after[name] == nil then after[name] = before[name] end
      end
      local all = key('unique', write.name .. ':' .. unique.name)
      local old = keyOf(write.spec, unique.columns, before)
      local new = write.op ~= 'delete' and keyOf(write.spec, unique.columns, after)
      if new then
        local holder = holderOf(all, new)
        if (holder and holder ~= own) or write.elsewhere[unique.name] then return unique.name end
      end
      if old then holders[pair(all, old)] = false end
      if new then holders[pair(all, new)] = own end
    end
  end
end

-- Why a write cannot be made, and the key; nil if it can.
local function refusal(write)
  local record = recordOf(write.row)
  if write.op == 'insert' then
    if record.there then return 'exists', 'primary' end
  else
    if not record.there then return 'missing' end
    for name, expected in pairs(write.expect) do
      if valueOf(record, name) ~= expected then return 'moved' end
    end
    if write.held and not (valueOf(record, 'leaseUntil') and valueOf(record, 'dueAt')) then return 'moved' end
  end
  local taken = takenKey(write, record)
  if taken then return 'exists', taken end
  if write.op == 'insert' then
    records[write.row] = { there = true, stored = false, values = write.set }
  elseif write.op == 'delete' then
    records[write.row] = { there = false, stored = false, values = {} }
  else
    for name, value in pairs(write.set) do record.values[name] = value end
  end
end
`

const makeLua = `
local function store(write)
  if write.last > write.first then call('HSET', write.row, unpack(ARGV, write.first, write.last)) end
  if #write.nulls > 0 then call('HDEL', write.row, unpack(write.nulls)) end
end

local function make(write)
  local spec, name, tenant, id = write.spec, write.name, write.tenant, write.id
  if write.op == 'insert' then
    store(write)
    place(spec, name, tenant, id, nil, write.set)
  elseif write.op == 'delete' then
    remove(spec, name, tenant, id)
  else
    local view = viewOf(spec, write.row)
    local after = changed(spec, view, write.set)
    store(write)
    if after then place(spec, name, tenant, id, view, after) end
  end
end

local made, position = {}, 0
while at < #ARGV do
  local write = readWrite()
  local reason, taken = refusal(write)
  if not reason then
    made[#made + 1] = write
  elseif reason == 'exists' or not write.optional then
    return { position, reason, taken or false }
  end
  position = position + 1
end
for _, write in ipairs(made) do make(write) end
return false
`

export const commitLua = [recordsLua, readLua, checkLua, makeLua].join('')
