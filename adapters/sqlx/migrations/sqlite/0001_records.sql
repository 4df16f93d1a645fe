-- Moments are milliseconds since 1970 in UTC, spans are milliseconds, ids are the 16 bytes of a UUID.
-- STRICT, so that a value of the wrong type is refused when it is written and not found when it is read.

CREATE TABLE users (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    email       TEXT    NOT NULL,
    -- The canonical form of the address: what look-ups and uniqueness go by, byte for byte.
    email_key   TEXT    NOT NULL COLLATE BINARY UNIQUE,
    password    TEXT    NOT NULL,
    is_active   INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    is_verified INTEGER NOT NULL CHECK (is_verified IN (0, 1)),
    last_login  INTEGER,
    joined_at   INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    profile     TEXT    NOT NULL,
    epoch       INTEGER NOT NULL,
    version     INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    id                BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id           BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    epoch             INTEGER NOT NULL,
    methods           TEXT    NOT NULL,
    auth_time         INTEGER NOT NULL,
    client_ip         TEXT,
    client_user_agent TEXT,
    created_at        INTEGER NOT NULL,
    refreshed_at      INTEGER NOT NULL,
    idle_timeout      INTEGER NOT NULL,
    expires_at        INTEGER NOT NULL,
    access_expires_at INTEGER NOT NULL,
    generation        INTEGER NOT NULL,
    chain_key         BLOB    NOT NULL CHECK (length(chain_key) = 8),
    refresh_digest    BLOB    NOT NULL CHECK (length(refresh_digest) = 32),
    access_digest     BLOB    NOT NULL CHECK (length(access_digest) = 32),
    claims            TEXT    NOT NULL,
    ended_at          INTEGER,
    ended_reason      TEXT,
    version           INTEGER NOT NULL,
    CHECK ((ended_at IS NULL) = (ended_reason IS NULL))
) STRICT;

CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE attempts (
    key         TEXT    NOT NULL COLLATE BINARY PRIMARY KEY,
    count       INTEGER NOT NULL,
    window_end  INTEGER NOT NULL,
    consecutive INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX attempts_by_window_end ON attempts (window_end);

-- `seq` is one more than the highest in the table, and commits come one after the other: it is their
-- order. AUTOINCREMENT would add that a number is never used again, which nobody needs to know.
CREATE TABLE outbox (
    seq    INTEGER NOT NULL PRIMARY KEY,
    id     BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    record TEXT    NOT NULL
) STRICT;
