-- Moments are milliseconds since 1970 in UTC, spans are milliseconds, as everywhere in the library. Texts that are
-- looked up by are compared byte for byte (COLLATE "C", which no update of the operating system changes).
-- JSON is kept as the text that it was, so that numbers come back as they went in. There are no references:
-- sessions may live where no users are.

CREATE TABLE users (
    id                   UUID    NOT NULL PRIMARY KEY,
    email                TEXT    NOT NULL,
    -- The canonical form of the address: what look-ups and uniqueness go by.
    email_key            TEXT    COLLATE "C" NOT NULL UNIQUE,
    password             TEXT    NOT NULL,
    is_active            BOOLEAN NOT NULL,
    is_verified          BOOLEAN NOT NULL,
    -- Whether the next sign-in must bring a new password.
    must_change_password BOOLEAN NOT NULL,
    last_login           BIGINT,
    joined_at            BIGINT  NOT NULL,
    created_at           BIGINT  NOT NULL,
    updated_at           BIGINT  NOT NULL,
    profile              TEXT    NOT NULL,
    epoch                BIGINT  NOT NULL,
    -- How many password resets were asked for: only the link of the last one counts.
    reset_serial         BIGINT  NOT NULL,
    -- The address before the present one, as typed and canonical, and until when the account may go back.
    previous_email       TEXT,
    previous_email_key   TEXT,
    previous_email_until BIGINT,
    -- When a closed account is removed.
    closes_at            BIGINT,
    -- The authenticator app: its seed is sealed, and only codes of steps after the last accepted one count.
    totp_sealed          BYTEA,
    totp_last_step       BIGINT,
    totp_enrolled_at     BIGINT,
    -- The digests of the codes that are left, 32 bytes each, one after the other; NULL for none.
    recovery_codes       BYTEA,
    terms_version        TEXT,
    terms_accepted_at    BIGINT,
    version              BIGINT  NOT NULL
);

CREATE INDEX users_by_closing ON users (closes_at) WHERE closes_at IS NOT NULL;

CREATE TABLE sessions (
    id                UUID   NOT NULL PRIMARY KEY,
    user_id           UUID   NOT NULL,
    epoch             BIGINT NOT NULL,
    methods           TEXT   NOT NULL,
    auth_time         BIGINT NOT NULL,
    client_ip         TEXT,
    client_user_agent TEXT,
    created_at        BIGINT NOT NULL,
    refreshed_at      BIGINT NOT NULL,
    idle_timeout      BIGINT NOT NULL,
    expires_at        BIGINT NOT NULL,
    access_expires_at BIGINT NOT NULL,
    generation        BIGINT NOT NULL,
    chain_key         BYTEA  NOT NULL,
    refresh_digest    BYTEA  NOT NULL,
    access_digest     BYTEA  NOT NULL,
    claims            TEXT   NOT NULL,
    ended_at          BIGINT,
    ended_reason      TEXT,
    version           BIGINT NOT NULL
);

CREATE INDEX sessions_of_user ON sessions (user_id, id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE invitations (
    id         UUID   NOT NULL PRIMARY KEY,
    invited_by UUID,
    email      TEXT,
    email_key  TEXT,
    seats      BIGINT NOT NULL,
    taken      BIGINT NOT NULL,
    data       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    version    BIGINT NOT NULL
);

CREATE INDEX invitations_of_user ON invitations (invited_by, id);
CREATE INDEX invitations_by_expiry ON invitations (expires_at);

CREATE TABLE api_keys (
    id           UUID   NOT NULL PRIMARY KEY,
    user_id      UUID   NOT NULL,
    epoch        BIGINT NOT NULL,
    name         TEXT   NOT NULL,
    scopes       TEXT   NOT NULL,
    digest       BYTEA  NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT,
    last_used_at BIGINT,
    revoked_at   BIGINT,
    version      BIGINT NOT NULL
);

CREATE INDEX api_keys_of_user ON api_keys (user_id, id);
CREATE INDEX api_keys_by_expiry ON api_keys (expires_at) WHERE expires_at IS NOT NULL;

-- `sealed` only who has the master secret can read.
CREATE TABLE onboarding_sessions (
    id         UUID   NOT NULL PRIMARY KEY,
    digest     BYTEA  NOT NULL,
    sealed     BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    version    BIGINT NOT NULL
);

CREATE INDEX onboarding_sessions_by_expiry ON onboarding_sessions (expires_at);

-- Keys are bytes: they may hold what somebody typed.
CREATE TABLE attempts (
    key         BYTEA  NOT NULL PRIMARY KEY,
    count       BIGINT NOT NULL,
    window_end  BIGINT NOT NULL,
    consecutive BIGINT NOT NULL
);

CREATE INDEX attempts_by_window_end ON attempts (window_end);

-- The audit trail. `number` is given when an event is written, `seq` when it is first handed out, to all events that
-- are visible by then and in the order of their numbers: so places are given along the order in which commits become
-- visible, and no writer waits for another.
CREATE TABLE events (
    id      UUID   NOT NULL PRIMARY KEY,
    -- Whom it concerns. The trail outlasts the account.
    user_id UUID,
    at      BIGINT NOT NULL,
    kind    TEXT   COLLATE "C" NOT NULL,
    record  TEXT   NOT NULL,
    number  BIGINT GENERATED ALWAYS AS IDENTITY,
    seq     BIGINT
);

CREATE INDEX events_of_user ON events (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX events_by_time ON events (at);
CREATE UNIQUE INDEX events_by_place ON events (seq) WHERE seq IS NOT NULL;
CREATE INDEX events_without_place ON events (number) WHERE seq IS NULL;

-- One row: the last place that was given. Who gives places locks it.
CREATE TABLE event_sequencer (
    id  BIGINT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
);

INSERT INTO event_sequencer (id, seq) VALUES (1, 0);

-- How far each consumer has taken the events: up to and with `seq`. Until `next_try` it is given none.
CREATE TABLE event_consumers (
    name     TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    seq      BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    next_try BIGINT NOT NULL DEFAULT 0
);

-- Sealed: what is in them only who has the master secret can read.
CREATE TABLE messages (
    id            UUID   NOT NULL PRIMARY KEY,
    created_at    BIGINT NOT NULL,
    sealed        BYTEA  NOT NULL,
    attempts      BIGINT NOT NULL DEFAULT 0,
    next_try      BIGINT NOT NULL,
    -- When it was given up, and why.
    buried_at     BIGINT,
    burial_reason TEXT,
    seq           BIGINT GENERATED ALWAYS AS IDENTITY
);

CREATE INDEX messages_by_next_try ON messages (next_try, seq) WHERE buried_at IS NULL;
CREATE INDEX messages_by_burial ON messages (buried_at) WHERE buried_at IS NOT NULL;
