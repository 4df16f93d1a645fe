-- Who has an address: the id and the record.
--
-- KEYS: all addresses, all users. ARGV: the canonical address.
local id = redis.call('HGET', KEYS[1], ARGV[1])
if not id then
  return false
end
local user = redis.call('HGET', KEYS[2], id)
if not user then
  return false
end
return { id, user }
