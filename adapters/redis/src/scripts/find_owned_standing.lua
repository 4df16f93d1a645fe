-- The standing of a record's owner, and behind it the record, read at the same moment. One string: an answer of
-- several takes longer to write and to read, and every request with a token asks this.
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
if #owner < 18 then
  return owner
end
return string.sub(owner, 1, 18) .. record
