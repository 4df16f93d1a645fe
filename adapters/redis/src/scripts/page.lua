-- A page of records in the order of the bytes of their ids.
--
-- KEYS: all ids, all records. ARGV: 'up' or 'down', the bound of the page before as BYLEX takes it, how many.
--
-- Gives ids and records in turn. An id without a record is passed over, with nothing in its place.
local ids
if ARGV[1] == 'up' then
  ids = redis.call('ZRANGEBYLEX', KEYS[1], ARGV[2], '+', 'LIMIT', 0, ARGV[3])
else
  ids = redis.call('ZREVRANGEBYLEX', KEYS[1], ARGV[2], '-', 'LIMIT', 0, ARGV[3])
end
local page = {}
for _, id in ipairs(ids) do
  page[#page + 1] = id
  page[#page + 1] = redis.call('HGET', KEYS[2], id) or ''
end
return page
