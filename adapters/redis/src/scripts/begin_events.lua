-- Puts the cursor of a consumer that is new behind the newest event.
--
-- KEYS: the consumers, the sequence of events. ARGV: the consumer.
local last = redis.call('GET', KEYS[2]) or '0'
return redis.call('HSETNX', KEYS[1], ARGV[1], last .. ' 0 0')
