-- Events stay as the audit trail, and are handed out to consumers with a cursor each.

-- `seq` is the order of the commits, which come one after the other. AUTOINCREMENT: no number is used again
-- when the last event is swept, for cursors stand behind it.
CREATE TABLE events (
    seq     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id      BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    -- Whom it concerns. No reference: the trail outlasts the account.
    user_id BLOB,
    at      INTEGER NOT NULL,
    kind    TEXT    NOT NULL COLLATE BINARY,
    record  TEXT    NOT NULL
) STRICT;

INSERT INTO events (seq, id, user_id, at, kind, record)
    SELECT
        seq,
        id,
        unhex(record ->> '$.user', '-'),
        CAST(round(unixepoch(record ->> '$.at', 'subsec') * 1000) AS INTEGER),
        record ->> '$.type',
        record
    FROM outbox
    ORDER BY seq;

DROP TABLE outbox;

CREATE INDEX events_of_user ON events (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX events_by_time ON events (at);

-- How far each consumer has taken the events: up to and with `seq`. Until `next_try` it is given none.
CREATE TABLE event_consumers (
    name     TEXT    NOT NULL COLLATE BINARY PRIMARY KEY,
    seq      INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
