-- Moves a consumer's cursor behind an event. It never goes back.
--
-- KEYS: the consumers, the index by place. ARGV: the consumer, the event's id.
local stored = redis.call('HGET', KEYS[1], ARGV[1])
local place = redis.call('ZSCORE', KEYS[2], ARGV[2])
if not stored or not place then
  return 0
end
local taken = string.match(stored, '^(%d+) %d+ %d+$')
if not taken then
  return redis.error_reply('CORRUPT consumers')
end
if tonumber(place) > tonumber(taken) then
  redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f 0 0', tonumber(place)))
end
return 0
