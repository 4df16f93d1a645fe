-- Lets a consumer be given events from a moment on.
--
-- KEYS: the consumers. ARGV: the consumer, the moment.
local stored = redis.call('HGET', KEYS[1], ARGV[1])
if not stored then
  return 0
end
local before = string.match(stored, '^(%d+ %d+) %d+$')
if not before then
  return redis.error_reply('CORRUPT consumers')
end
redis.call('HSET', KEYS[1], ARGV[1], before .. ' ' .. ARGV[2])
return 0
