-- Lets a message wait until a moment. A dead letter stays dead.
--
-- KEYS: all messages, their states, those that wait. ARGV: the id, the moment.
local message = redis.call('HGET', KEYS[1], ARGV[1])
local state = redis.call('HGET', KEYS[2], ARGV[1])
if not message or not state then
  return 0
end
local attempts, rest = string.match(state, '^(%d+) %d+(.*)$')
if not attempts then
  return redis.error_reply('CORRUPT messages')
end
redis.call('ZADD', KEYS[3], 'XX', ARGV[2], string.sub(message, 1, 16) .. ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], attempts .. ' ' .. ARGV[2] .. rest)
return 0
