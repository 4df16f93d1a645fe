-- Removes dead letters that were given up by a moment.
--
-- KEYS: the dead, all messages, their states, all ids. ARGV: the moment, how many at most.
--
-- A member of the dead is a place of 16 digits and an id. Gives how many there were.
redis.call('HLEN', KEYS[2])
redis.call('HLEN', KEYS[3])
redis.call('ZCARD', KEYS[4])
local dead = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, member in ipairs(dead) do
  local id = string.sub(member, 17)
  redis.call('ZREM', KEYS[1], member)
  redis.call('HDEL', KEYS[2], id)
  redis.call('HDEL', KEYS[3], id)
  redis.call('ZREM', KEYS[4], id)
end
return #dead
