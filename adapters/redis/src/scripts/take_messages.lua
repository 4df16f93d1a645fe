-- Takes the oldest messages whose time has come, and lets nobody else be given them for a while.
--
-- KEYS: those that wait, by when they are due; all messages; their states. ARGV: now, until when nobody else is
-- given them, how many at most, among how many of those that are due for longest.
--
-- A member of those that wait is a place of 16 digits in the order of the commits, and an id. A state is
-- 'attempts next_try'. Gives id, record and attempts of each in turn.
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[4])
local places = {}
for number, member in ipairs(due) do
  places[number] = { tonumber(string.sub(member, 1, 16)), member }
end
table.sort(places, function(one, other)
  return one[1] < other[1]
end)
redis.call('HLEN', KEYS[2])
redis.call('HLEN', KEYS[3])
local answer = {}
for number = 1, math.min(#places, tonumber(ARGV[3])) do
  local member = places[number][2]
  local id = string.sub(member, 17)
  local before = string.match(redis.call('HGET', KEYS[3], id) or '', '^(%d+) ')
  local attempts = math.min(tonumber(before or 0) + 1, 4294967295)
  redis.call('HSET', KEYS[3], id, string.format('%.0f %s', attempts, ARGV[2]))
  redis.call('ZADD', KEYS[1], ARGV[2], member)
  answer[#answer + 1] = id
  answer[#answer + 1] = redis.call('HGET', KEYS[2], id) or ''
  answer[#answer + 1] = attempts
end
return answer
