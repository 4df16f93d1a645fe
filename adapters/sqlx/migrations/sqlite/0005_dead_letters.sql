-- Messages that were given up, and why. They are kept for a while, and nobody is given them to send.

ALTER TABLE messages ADD COLUMN buried_at INTEGER;
ALTER TABLE messages ADD COLUMN burial_reason TEXT;

DROP INDEX messages_by_next_try;
CREATE INDEX messages_by_next_try ON messages (next_try, seq) WHERE buried_at IS NULL;
CREATE INDEX messages_by_burial ON messages (buried_at) WHERE buried_at IS NOT NULL;
