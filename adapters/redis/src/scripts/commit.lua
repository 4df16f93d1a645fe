-- Applies a batch, or what of it belongs into one bucket: all of it or nothing.
--
-- KEYS: all that the batch touches, each once. ARGV: 'apply' or 'check', then the operations: for each its
-- name, how many arguments it has, and those. An argument that stands for a key is its place in KEYS.
--
-- Redis does not roll back, so everything is checked before anything is written: what must hold, and that
-- each key is of the type that it will be written as, so that no write fails. Gives 'ok', 'conflict', or
-- 'again' when something was found otherwise than it was when the batch was planned.
--
-- Records begin with a byte for the format and 8 bytes for the version. Numbers of 64 bits are compared as
-- their bytes: Lua's numbers are exact up to 2^53 only.

local function key(place)
  return KEYS[tonumber(place)]
end

local function moment(bytes)
  local number = 0
  for place = 1, #bytes do
    number = number * 256 + string.byte(bytes, place)
  end
  return number
end

local function email_of(user)
  return string.sub(user, 23, 22 + moment(string.sub(user, 19, 22)))
end

local function has_version(record, version)
  return redis.call('GETRANGE', key(record), 1, 8) == version
end

local function are_sets(...)
  for _, place in ipairs({ ... }) do
    if place ~= '' then
      redis.call('ZCARD', key(place))
    end
  end
end

local function are_hashes(...)
  for _, place in ipairs({ ... }) do
    redis.call('HLEN', key(place))
  end
end

local function is_number(place)
  return tonumber(redis.call('GET', key(place)) or 0) ~= nil
end

-- Puts the next number of a sequence.
local function next_of(sequence)
  local number = tonumber(redis.call('GET', key(sequence)) or 0) + 1
  redis.call('SET', key(sequence), string.format('%.0f', number))
  return number
end

-- Puts a member, lets a set last at least so long; '' is for ever.
local function index(set, member, kept)
  local was_empty = redis.call('ZCARD', key(set)) == 0
  redis.call('ZADD', key(set), 0, member)
  if kept == '' then
    redis.call('PERSIST', key(set))
    return
  end
  local left = redis.call('PTTL', key(set))
  if was_empty or (left >= 0 and left < tonumber(kept)) then
    redis.call('PEXPIRE', key(set), kept)
  end
end

local function counter_of(text)
  return string.match(text, '^(%d+) (%d+) (%d+)$')
end

local checks, effects = {}, {}

-- users, id, epoch
function checks.epoch(users, id, epoch)
  local user = redis.call('HGET', key(users), id)
  return user and string.sub(user, 10, 17) == epoch
end

-- record, version
checks.version = has_version

-- record
function checks.absent(record)
  return redis.call('EXISTS', key(record)) == 0
end

-- set, member, kept
function checks.index(set)
  are_sets(set)
  return true
end
effects.index = index

-- record, bytes, kept, expiries, expiry, member. Of kept and expiry, '' is for ever.
function checks.insert(record, _, _, expiries)
  are_sets(expiries)
  return redis.call('EXISTS', key(record)) == 0
end
function effects.insert(record, bytes, kept, expiries, expiry, member)
  if kept == '' then
    redis.call('SET', key(record), bytes)
  else
    redis.call('SET', key(record), bytes, 'PX', kept)
  end
  if expiry == '' then
    redis.call('ZREM', key(expiries), member)
  else
    redis.call('ZADD', key(expiries), expiry, member)
  end
end

-- as insert, and the version that it had
function checks.replace(record, _, _, expiries, _, _, was)
  are_sets(expiries)
  return has_version(record, was)
end
effects.replace = effects.insert

-- users, emails, ids, closing, id, bytes, email, closes_at, ids of those that the batch removes
function checks.insert_user(users, emails, ids, closing, id, _, email, _, removed)
  are_sets(ids, closing)
  if redis.call('HEXISTS', key(users), id) == 1 then
    return false
  end
  local owner = redis.call('HGET', key(emails), email)
  if not owner then
    return true
  end
  for start = 1, #removed, 16 do
    if string.sub(removed, start, start + 15) == owner then
      return true
    end
  end
  return false
end
function effects.insert_user(users, emails, ids, closing, id, bytes, email, closes_at)
  local old = redis.call('HGET', key(users), id)
  if old then
    redis.call('HDEL', key(emails), email_of(old))
  end
  redis.call('HSET', key(users), id, bytes)
  redis.call('HSET', key(emails), email, id)
  redis.call('ZADD', key(ids), 0, id)
  if closes_at == '' then
    redis.call('ZREM', key(closing), id)
  else
    redis.call('ZADD', key(closing), closes_at, id)
  end
end

-- as insert_user, and the version that it had in place of who is removed
function checks.replace_user(users, emails, ids, closing, id, _, email, _, was)
  are_sets(ids, closing)
  local old = redis.call('HGET', key(users), id)
  if not old or string.sub(old, 2, 9) ~= was then
    return false
  end
  local owner = redis.call('HGET', key(emails), email)
  return not owner or owner == id
end
effects.replace_user = effects.insert_user

-- users, emails, ids, closing, id, the version that it had or '', the moment by which it was to close or ''
function checks.remove_user(users, emails, ids, closing, id, was, closed_by)
  are_sets(ids, closing)
  are_hashes(emails)
  local user = redis.call('HGET', key(users), id)
  if not user or (was ~= '' and string.sub(user, 2, 9) ~= was) then
    return false
  end
  if closed_by ~= '' then
    local closes_at = tonumber(redis.call('ZSCORE', key(closing), id) or nil)
    return closes_at and closes_at <= tonumber(closed_by)
  end
  return true
end
function effects.remove_user(users, emails, ids, closing, id)
  redis.call('HDEL', key(emails), email_of(redis.call('HGET', key(users), id)))
  redis.call('HDEL', key(users), id)
  redis.call('ZREM', key(ids), id)
  redis.call('ZREM', key(closing), id)
end

-- set, how many members it had
function checks.size(set, many)
  return redis.call('ZCARD', key(set)) == tonumber(many) or 'again'
end

-- The index of what a user has of one kind, the index of all such records by expiry, what the latter has
-- behind a member; then for each record its member and itself.
function checks.drop(set, expiries, _, ...)
  are_sets(expiries)
  local owned = { ... }
  for place = 1, #owned, 2 do
    if not redis.call('ZSCORE', key(set), owned[place]) then
      return 'again'
    end
  end
  return true
end
function effects.drop(set, expiries, owner, ...)
  local owned = { ... }
  for place = 1, #owned, 2 do
    redis.call('ZREM', key(set), owned[place])
    redis.call('ZREM', key(expiries), owned[place] .. owner)
    redis.call('DEL', key(owned[place + 1]))
  end
end

-- as drop, of somebody who is gone: what else removed some of it meanwhile does not matter
function checks.drop_rest(set, expiries)
  are_sets(set, expiries)
  return true
end
effects.drop_rest = effects.drop

-- API key, when it was used as 8 bytes
function checks.touch(record)
  redis.call('STRLEN', key(record))
  return true
end
function effects.touch(record, at)
  local before = redis.call('GETRANGE', key(record), 25, 32)
  if #before == 8 and (before == string.rep('\255', 8) or moment(before) < moment(at)) then
    redis.call('SETRANGE', key(record), 25, at)
  end
end

-- counter, by the end of windows, by key, the counter's key
function checks.clear(_, idle, keys)
  are_sets(idle, keys)
  return true
end
function effects.clear(counter, idle, keys, member)
  redis.call('DEL', key(counter))
  redis.call('ZREM', key(idle), member)
  redis.call('ZREM', key(keys), member)
end

-- counter, window
function checks.refund(counter)
  local stored = redis.call('GET', key(counter))
  return not stored or counter_of(stored) ~= nil or 'corrupt counters'
end
function effects.refund(counter, window)
  local stored = redis.call('GET', key(counter))
  if not stored then
    return
  end
  local count, window_end, consecutive = counter_of(stored)
  if window_end == window then
    count = math.max(tonumber(count) - 1, 0)
    consecutive = math.max(tonumber(consecutive) - 1, 0)
    local text = string.format('%.0f %s %.0f', count, window_end, consecutive)
    redis.call('SET', key(counter), text, 'KEEPTTL')
  end
end

-- sequence, events, by place, by id, by moment, of the user or '', id, moment, bytes, user or ''
function checks.event(sequence, events, places, ids, moments, of_user, id)
  are_sets(places, ids, moments, of_user)
  if redis.call('HEXISTS', key(events), id) == 1 then
    return false
  end
  return is_number(sequence) or 'corrupt events'
end
function effects.event(sequence, events, places, ids, moments, of_user, id, at, bytes, user)
  redis.call('HSET', key(events), id, bytes)
  redis.call('ZADD', key(places), string.format('%.0f', next_of(sequence)), id)
  redis.call('ZADD', key(ids), 0, id)
  redis.call('ZADD', key(moments), at, id .. user)
  if of_user ~= '' then
    redis.call('ZADD', key(of_user), 0, id)
  end
end

-- sequence, messages, states, by id, waiting, id, moment, bytes
function checks.message(sequence, messages, states, ids, due, id)
  are_hashes(states)
  are_sets(ids, due)
  if redis.call('HEXISTS', key(messages), id) == 1 then
    return false
  end
  return is_number(sequence) or 'corrupt messages'
end
function effects.message(sequence, messages, states, ids, due, id, at, bytes)
  local place = string.format('%016.0f', next_of(sequence))
  redis.call('HSET', key(messages), id, place .. bytes)
  redis.call('HSET', key(states), id, '0 ' .. at)
  redis.call('ZADD', key(ids), 0, id)
  redis.call('ZADD', key(due), at, place .. id)
end

-- Goes through the operations, until one gives something else than true.
local function each(act)
  local at = 2
  while at <= #ARGV do
    local many = tonumber(ARGV[at + 1])
    local found = act(ARGV[at], unpack(ARGV, at + 2, at + 1 + many))
    if found ~= true then
      return found or 'conflict'
    end
    at = at + 2 + many
  end
  return 'ok'
end

local found = each(function(name, ...)
  return checks[name](...)
end)
if string.sub(found, 1, 8) == 'corrupt ' then
  return redis.error_reply('CORRUPT ' .. string.sub(found, 9))
end
if found ~= 'ok' or ARGV[1] == 'check' then
  return found
end
return each(function(name, ...)
  if effects[name] then
    effects[name](...)
  end
  return true
end)
