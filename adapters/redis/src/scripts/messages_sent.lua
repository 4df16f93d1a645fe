-- Forgets messages.
--
-- KEYS: all messages, their states, all ids, those that wait, the dead. ARGV: the ids.
redis.call('HLEN', KEYS[2])
redis.call('ZCARD', KEYS[3])
redis.call('ZCARD', KEYS[4])
redis.call('ZCARD', KEYS[5])
for _, id in ipairs(ARGV) do
  local message = redis.call('HGET', KEYS[1], id)
  if message then
    local member = string.sub(message, 1, 16) .. id
    redis.call('ZREM', KEYS[4], member)
    redis.call('ZREM', KEYS[5], member)
    redis.call('ZREM', KEYS[3], id)
    redis.call('HDEL', KEYS[2], id)
    redis.call('HDEL', KEYS[1], id)
  end
end
return 0
