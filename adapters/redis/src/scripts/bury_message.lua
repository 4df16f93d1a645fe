-- Gives up a message that waits.
--
-- KEYS: all messages, their states, those that wait, the dead. ARGV: the id, when, why.
local message = redis.call('HGET', KEYS[1], ARGV[1])
local state = redis.call('HGET', KEYS[2], ARGV[1])
redis.call('ZCARD', KEYS[4])
if not message or not state then
  return 0
end
local member = string.sub(message, 1, 16) .. ARGV[1]
if redis.call('ZREM', KEYS[3], member) == 1 then
  redis.call('ZADD', KEYS[4], ARGV[2], member)
  redis.call('HSET', KEYS[2], ARGV[1], state .. ' ' .. ARGV[2] .. ' ' .. ARGV[3])
end
return 0
