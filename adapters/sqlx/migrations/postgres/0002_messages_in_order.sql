-- The oldest of many messages that are due is found without sorting them, and among many that wait for another attempt
-- without reading them.
CREATE INDEX messages_in_order ON messages (seq, next_try) WHERE buried_at IS NULL;
DROP INDEX messages_by_next_try;
