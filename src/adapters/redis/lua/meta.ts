/**
 * Notes what a store is when it is opened first, and answers what it is. Before, every command of the other
 * scripts is tried: one that this user may not use must not be found out in the middle of a commit, nor that
 * the server takes no writes.
 *
 * KEYS[1]: the first shard. ARGV: format, the oldest format that can still be worked with, number of shards.
 * Answers those three, as they are in the store.
 */
export const metaLua = `
local probe = KEYS[1] .. ':probe'
for _, command in ipairs({
  { 'UNLINK', probe },
  { 'HSET', probe, 'a', '1' }, { 'HMGET', probe, 'a' }, { 'HGET', probe, 'a' }, { 'HDEL', probe, 'a' },
  { 'ZADD', probe, 0, 'a' }, { 'ZRANGE', probe, 0, 0 }, { 'ZSCORE', probe, 'a' }, { 'ZCARD', probe },
  { 'ZCOUNT', probe, '-inf', '+inf' }, { 'ZRANGEBYSCORE', probe, '-inf', '+inf' },
  { 'ZRANGEBYLEX', probe, '-', '+' }, { 'ZREVRANGEBYLEX', probe, '+', '-' }, { 'ZREM', probe, 'a' },
  { 'SET', probe, '1' }, { 'GET', probe }, { 'UNLINK', probe },
}) do
  redis.call(unpack(command))
end

local meta = KEYS[1] .. ':meta'
if redis.call('EXISTS', meta) == 0 then
  redis.call('HSET', meta, 'format', ARGV[1], 'oldest', ARGV[2], 'shards', ARGV[3])
end
return redis.call('HMGET', meta, 'format', 'oldest', 'shards')
`
