-- Lets dead letters wait again, as if they were new.
--
-- KEYS: all messages, their states, those that wait, the dead. ARGV: now; 'all', or 'these' and their ids.
--
-- Gives the ids of those that were dead.
local members = {}
if ARGV[2] == 'all' then
  members = redis.call('ZRANGE', KEYS[4], 0, -1)
else
  for place = 3, #ARGV do
    local message = redis.call('HGET', KEYS[1], ARGV[place])
    if message then
      members[#members + 1] = string.sub(message, 1, 16) .. ARGV[place]
    end
  end
end
redis.call('HLEN', KEYS[2])
redis.call('ZCARD', KEYS[3])
local revived = {}
for _, member in ipairs(members) do
  if redis.call('ZREM', KEYS[4], member) == 1 then
    local id = string.sub(member, 17)
    redis.call('ZADD', KEYS[3], ARGV[1], member)
    redis.call('HSET', KEYS[2], id, '0 ' .. ARGV[1])
    revived[#revived + 1] = id
  end
end
return revived
