-- Counts an attempt if it is allowed, and says whether it is.
--
-- KEYS: the counter, all counters by the end of their window, all counters by their key.
-- ARGV: the counter's key, now, the end of a window that begins now, the end of a lock that begins now,
-- attempts per window, the hard stop or '', for how long a counter is kept behind its window, unless it has
-- come to the hard stop.
--
-- A counter is 'count window_end consecutive'. All moments are below 2^53, which is as far as Lua counts.
local now = tonumber(ARGV[2])
local attempts = tonumber(ARGV[5])
local stop = tonumber(ARGV[6])
local most = 4294967295

local count, window_end, consecutive = 0, 0, 0
local stored = redis.call('GET', KEYS[1])
if stored then
  local one, two, three = string.match(stored, '^(%d+) (%d+) (%d+)$')
  if not one then
    return redis.error_reply('CORRUPT counters')
  end
  count, window_end, consecutive = tonumber(one), tonumber(two), tonumber(three)
end

if stop and consecutive >= stop then
  -- Counted when more were allowed. Refusals renew nothing: so it is kept for ever, by one write for all of them.
  if redis.call('PTTL', KEYS[1]) >= 0 then
    redis.call('PERSIST', KEYS[1])
  end
  return { 'stopped' }
end
if now >= window_end then
  count, window_end = 0, tonumber(ARGV[3])
end
if count >= attempts then
  return { 'locked', string.format('%.0f', window_end) }
end

local last = 0
if count + 1 >= attempts then
  last = 1
  window_end = math.max(window_end, tonumber(ARGV[4]))
end
count = math.min(count + 1, most)
consecutive = math.min(consecutive + 1, most)

-- Nothing fails from here on: that the indices are indices is seen before the first write.
redis.call('ZCARD', KEYS[2])
redis.call('ZCARD', KEYS[3])
local ends = string.format('%.0f', window_end)
local kept = string.format('%.0f', math.max(window_end - now, 0) + tonumber(ARGV[7]))
local counter = string.format('%.0f %s %.0f', count, ends, consecutive)
if stop and consecutive >= stop then
  redis.call('SET', KEYS[1], counter)
else
  redis.call('SET', KEYS[1], counter, 'PX', kept)
end
redis.call('ZADD', KEYS[2], ends, ARGV[1])
redis.call('ZADD', KEYS[3], 0, ARGV[1])
return { 'allowed', ends, last }
