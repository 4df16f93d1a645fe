-- The oldest message of many that are due is found without looking at the others.
CREATE INDEX messages_in_order ON messages (seq) WHERE buried_at IS NULL;
