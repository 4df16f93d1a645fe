-- Removes records whose time is over still.
--
-- KEYS: the index by expiry; then for each record itself, and after all of them the index of its owner for
-- each, or the index by expiry where it has none. ARGV: the moment by which they expired; then for each its
-- member of the index by expiry and its id.
--
-- Gives how many there were.
local by = tonumber(ARGV[1])
local many = (#KEYS - 1) / 2
local gone = 0
for place = 2, #KEYS do
  if place > many + 1 then
    redis.call('ZCARD', KEYS[place])
  end
end
for place = 1, many do
  local member = ARGV[2 * place]
  local expiry = tonumber(redis.call('ZSCORE', KEYS[1], member) or nil)
  if expiry and expiry <= by then
    gone = gone + redis.call('DEL', KEYS[1 + place])
    redis.call('ZREM', KEYS[1 + many + place], ARGV[2 * place + 1])
    redis.call('ZREM', KEYS[1], member)
  end
end
return gone
