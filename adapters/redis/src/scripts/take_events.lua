-- Takes the oldest events behind a consumer's cursor, in the order of their commits, and lets nobody else be
-- given any for a while.
--
-- KEYS: the consumers, the index by place, all events. ARGV: the consumer, now, until when nobody is given
-- events, how many at most.
--
-- A consumer is 'taken attempts next_try'. Gives the attempts, and id and record of each event in turn.
local taken, attempts, next_try = 0, 0, 0
local stored = redis.call('HGET', KEYS[1], ARGV[1])
if stored then
  local one, two, three = string.match(stored, '^(%d+) (%d+) (%d+)$')
  if not one then
    return redis.error_reply('CORRUPT consumers')
  end
  taken, attempts, next_try = tonumber(one), tonumber(two), tonumber(three)
end
if stored and next_try > tonumber(ARGV[2]) then
  return { 0 }
end
local behind = string.format('(%.0f', taken)
local ids = redis.call('ZRANGEBYSCORE', KEYS[2], behind, '+inf', 'LIMIT', 0, ARGV[4])
if #ids == 0 then
  return { 0 }
end
attempts = math.min(attempts + 1, 4294967295)
local answer = { attempts }
for _, id in ipairs(ids) do
  answer[#answer + 1] = id
  answer[#answer + 1] = redis.call('HGET', KEYS[3], id) or ''
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f %.0f %s', taken, attempts, ARGV[3]))
return answer
