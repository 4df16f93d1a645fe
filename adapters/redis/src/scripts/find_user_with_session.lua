-- A user with one session, which may be somebody else's or none.
--
-- KEYS: all users, the session. ARGV: the user's id.
local user = redis.call('HGET', KEYS[1], ARGV[1])
if not user then
  return false
end
return { user, redis.call('GET', KEYS[2]) }
