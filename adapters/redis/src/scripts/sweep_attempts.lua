-- Removes counters that are idle still. A counter of an account stays where it remembers failures.
--
-- KEYS: all counters by the end of their window, all counters by their key, all addresses; then the counters.
-- ARGV: since when they are idle, how many to remove at most, and whose counters stay: those of addresses in KEYS
-- ('here'), those of any address that is named ('named'), or nobody's ('none'); then for each its key and the
-- address that it is about or ''.
--
-- Gives how many went, and which of them is the last that stays though it was idle, or 0.
local since, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local gone, kept = 0, 0
redis.call('ZCARD', KEYS[2])
redis.call('HLEN', KEYS[3])
for place = 4, #KEYS do
  redis.call('STRLEN', KEYS[place])
end
for place = 4, #KEYS do
  if gone == most then
    break
  end
  local name, email = ARGV[2 * place - 4], ARGV[2 * place - 3]
  local window_end = tonumber(redis.call('ZSCORE', KEYS[1], name) or nil)
  if window_end and window_end <= since then
    local is_kept = false
    if email ~= '' and ARGV[3] ~= 'none' then
      local consecutive = string.match(redis.call('GET', KEYS[place]) or '', ' (%d+)$')
      is_kept = consecutive and consecutive ~= '0'
        and (ARGV[3] == 'named' or redis.call('HEXISTS', KEYS[3], email) == 1)
    end
    if is_kept then
      kept = place - 3
    else
      redis.call('DEL', KEYS[place])
      redis.call('ZREM', KEYS[1], name)
      redis.call('ZREM', KEYS[2], name)
      gone = gone + 1
    end
  end
end
return { gone, kept }
