-- Some counters that are idle, in the order in which their windows ended.
--
-- KEYS: all counters by the end of their window. ARGV: since when they are idle, how many at most, and the counter
-- behind which they are, with the end that it had, or '' twice.
--
-- Gives keys and ends in turn. The place of a counter is found as fast however many come before it; where it is
-- not what it was, those that ended with it are looked at once more.
local start = 0
if ARGV[3] ~= '' then
  if redis.call('ZSCORE', KEYS[1], ARGV[3]) == ARGV[4] then
    start = redis.call('ZRANK', KEYS[1], ARGV[3]) + 1
  else
    start = redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. ARGV[4])
  end
end
local found = redis.call('ZRANGE', KEYS[1], start, start + ARGV[2] - 1, 'WITHSCORES')
local since = tonumber(ARGV[1])
local idle = {}
for place = 1, #found, 2 do
  if tonumber(found[place + 1]) > since then
    break
  end
  idle[place], idle[place + 1] = found[place], found[place + 1]
end
return idle
