-- A record with the standing of its owner, read at the same moment.
--
-- KEYS: the record, all users.
local record = redis.call('GET', KEYS[1])
if not record then
  return false
end
local owner = redis.call('HGET', KEYS[2], string.sub(record, 10, 25))
if not owner then
  return false
end
return { record, string.sub(owner, 1, 18) }
