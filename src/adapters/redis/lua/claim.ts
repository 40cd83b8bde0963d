/**
 * Takes due work under a lease. Lanes whose first work has become due are woken; of those awake, whoever's turn
 * was longest ago comes next: its tenant's, then its own. Whoever had a turn goes to the end of both rows. So
 * what is looked at grows with what is taken, not with what waits.
 *
 * KEYS[1]: the shard.
 * ARGV: table, now, leaseUntil, at most so many of a lane, at most so many, at most so many lanes to look at;
 * then the lanes to skip.
 *
 * Answers how many lanes were passed over, how many are awake or should be, and the records.
 */
import { recordsLua } from './records.js'

export const claimLua = `${recordsLua}
local name, now, leaseUntil = ARGV[1], ARGV[2], ARGV[3]
local perLane, limit, budget = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local skipped = {}
for at = 7, #ARGV do skipped[ARGV[at]] = true end

local spec = declared(name)
local asleep, awake, tenants = key('asleep', name), key('awake', name), key('turns', name)
local turn = tonumber(call('GET', key('turn', name)) or '0')

-- To the end of its tenant's row.
local function queue(tenant, lane)
  turn = turn + 1
  call('ZADD', key('turns', name, tenant), turn, lane)
end

local due = call('ZRANGEBYSCORE', asleep, '-inf', now, 'WITHSCORES', 'LIMIT', 0, budget)
for at = 1, #due, 2 do
  local tenant, lane = unpair(due[at])
  call('ZREM', asleep, due[at])
  call('ZADD', awake, due[at + 1], due[at])
  queue(tenant, lane)
  call('ZADD', tenants, 'NX', turn, tenant)
end

local function sleep(tenant, lane)
  local own = pair(tenant, lane)
  call('ZADD', asleep, call('ZSCORE', awake, own), own)
  call('ZREM', awake, own)
  leave(name, tenant, lane)
end

local function lease(tenant, id)
  local row = key('row', name, tenant, id)
  local view = viewOf(spec, row)
  local counts = call('HMGET', row, 'fence', 'claims')
  local set = {
    dueAt = leaseUntil,
    leaseUntil = leaseUntil,
    fence = string.format('%.0f', counts[1] + 1),
    claims = string.format('%.0f', counts[2] + 1),
  }
  local fields = {}
  for column, value in pairs(set) do
    fields[#fields + 1] = column
    fields[#fields + 1] = value
  end
  call('HSET', row, unpack(fields))
  place(spec, name, tenant, id, view, changed(spec, view, set))
end

local taken, passed, looked = {}, {}, 0
while #taken < limit and looked < budget do
  local tenant = call('ZRANGE', tenants, 0, 0)[1]
  if not tenant then break end
  local lane = call('ZRANGE', key('turns', name, tenant), 0, 0)[1]
  local id = call('ZRANGEBYSCORE', key('lane', name, tenant, lane), '-inf', now, 'LIMIT', 0, 1)[1]
  if not id then
    looked = looked + 1
    sleep(tenant, lane)
  elseif skipped[lane] or call('ZCOUNT', key('leases', name, tenant, lane), '(' .. now, '+inf') >= perLane then
    looked = looked + 1
    passed[#passed + 1] = { tenant, lane }
    leave(name, tenant, lane)
  else
    lease(tenant, id)
    queue(tenant, lane)
    call('ZADD', tenants, turn, tenant)
    taken[#taken + 1] = whole(spec, name, tenant, id)
  end
end

for _, each in ipairs(passed) do
  queue(each[1], each[2])
  call('ZADD', tenants, 'NX', turn, each[1])
end
if turn > 0 then call('SET', key('turn', name), string.format('%.0f', turn)) end
return { looked, call('ZCARD', awake) + call('ZCOUNT', asleep, '-inf', now), taken }
`
