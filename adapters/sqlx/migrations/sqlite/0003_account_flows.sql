-- Links, invitations, API keys, closed accounts, and messages on their way out.

-- How many password resets were asked for: only the link of the last one counts.
ALTER TABLE users ADD COLUMN reset_serial INTEGER NOT NULL DEFAULT 0;
-- The address before the present one, as typed and canonical, and until when the account may go back.
ALTER TABLE users ADD COLUMN previous_email TEXT;
ALTER TABLE users ADD COLUMN previous_email_key TEXT;
ALTER TABLE users ADD COLUMN previous_email_until INTEGER;
-- When a closed account is removed.
ALTER TABLE users ADD COLUMN closes_at INTEGER;

CREATE INDEX users_by_closing ON users (closes_at) WHERE closes_at IS NOT NULL;

CREATE TABLE invitations (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    invited_by BLOB    REFERENCES users (id) ON DELETE CASCADE,
    email      TEXT,
    email_key  TEXT,
    seats      INTEGER NOT NULL,
    taken      INTEGER NOT NULL,
    data       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    version    INTEGER NOT NULL,
    CHECK ((email IS NULL) = (email_key IS NULL))
) STRICT;

CREATE INDEX invitations_of_user ON invitations (invited_by, id);
CREATE INDEX invitations_by_expiry ON invitations (expires_at);

CREATE TABLE api_keys (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id      BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    epoch        INTEGER NOT NULL,
    name         TEXT    NOT NULL,
    scopes       TEXT    NOT NULL,
    digest       BLOB    NOT NULL CHECK (length(digest) = 32),
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER,
    revoked_at   INTEGER,
    version      INTEGER NOT NULL
) STRICT;

CREATE INDEX api_keys_of_user ON api_keys (user_id, id);
CREATE INDEX api_keys_by_expiry ON api_keys (expires_at) WHERE expires_at IS NOT NULL;

-- Sealed: what is in them only who has the master secret can read. `seq` is the order of the commits.
CREATE TABLE messages (
    seq        INTEGER NOT NULL PRIMARY KEY,
    id         BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    created_at INTEGER NOT NULL,
    sealed     BLOB    NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_try   INTEGER NOT NULL
) STRICT;

CREATE INDEX messages_by_next_try ON messages (next_try, seq);
