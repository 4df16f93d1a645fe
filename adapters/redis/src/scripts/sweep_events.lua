-- Removes events that happened by a moment.
--
-- KEYS: the index by moment, all events, the index by place, the index by id; then for each event the index of
-- its user, or the index by id where it has none. ARGV: the moment; then for each its member of the index by
-- moment and its id.
--
-- Gives how many there were.
local by = tonumber(ARGV[1])
local gone = 0
redis.call('HLEN', KEYS[2])
for place = 3, #KEYS do
  redis.call('ZCARD', KEYS[place])
end
for place = 1, #KEYS - 4 do
  local member, id = ARGV[2 * place], ARGV[2 * place + 1]
  local at = tonumber(redis.call('ZSCORE', KEYS[1], member) or nil)
  if at and at <= by then
    gone = gone + redis.call('HDEL', KEYS[2], id)
    redis.call('ZREM', KEYS[3], id)
    redis.call('ZREM', KEYS[4], id)
    redis.call('ZREM', KEYS[4 + place], id)
    redis.call('ZREM', KEYS[1], member)
  end
end
return gone
