-- Tables without references: sessions may live where no users are, and what goes with a user is deleted by
-- name. A session or a key of nobody is found by nobody.

CREATE TABLE sessions_without_references (
    id                BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id           BLOB    NOT NULL CHECK (length(user_id) = 16),
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

INSERT INTO sessions_without_references
    (id, user_id, epoch, methods, auth_time, client_ip, client_user_agent, created_at, refreshed_at,
     idle_timeout, expires_at, access_expires_at, generation, chain_key, refresh_digest, access_digest, claims,
     ended_at, ended_reason, version)
    SELECT
        id, user_id, epoch, methods, auth_time, client_ip, client_user_agent, created_at, refreshed_at,
        idle_timeout, expires_at, access_expires_at, generation, chain_key, refresh_digest, access_digest, claims,
        ended_at, ended_reason, version
    FROM sessions;

DROP TABLE sessions;
ALTER TABLE sessions_without_references RENAME TO sessions;

CREATE INDEX sessions_of_user ON sessions (user_id, id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE invitations_without_references (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    invited_by BLOB    CHECK (length(invited_by) = 16),
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

INSERT INTO invitations_without_references
    (id, invited_by, email, email_key, seats, taken, data, created_at, expires_at, revoked_at, version)
    SELECT id, invited_by, email, email_key, seats, taken, data, created_at, expires_at, revoked_at, version
    FROM invitations;

DROP TABLE invitations;
ALTER TABLE invitations_without_references RENAME TO invitations;

CREATE INDEX invitations_of_user ON invitations (invited_by, id);
CREATE INDEX invitations_by_expiry ON invitations (expires_at);

CREATE TABLE api_keys_without_references (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id      BLOB    NOT NULL CHECK (length(user_id) = 16),
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

INSERT INTO api_keys_without_references
    (id, user_id, epoch, name, scopes, digest, created_at, expires_at, last_used_at, revoked_at, version)
    SELECT id, user_id, epoch, name, scopes, digest, created_at, expires_at, last_used_at, revoked_at, version
    FROM api_keys;

DROP TABLE api_keys;
ALTER TABLE api_keys_without_references RENAME TO api_keys;

CREATE INDEX api_keys_of_user ON api_keys (user_id, id);
CREATE INDEX api_keys_by_expiry ON api_keys (expires_at) WHERE expires_at IS NOT NULL;
