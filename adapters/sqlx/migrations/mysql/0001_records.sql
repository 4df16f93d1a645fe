-- Moments are milliseconds since 1970 in UTC, spans are milliseconds, ids are the 16 bytes of a UUID.
--
-- What is looked up or compared is VARBINARY: byte for byte, with trailing blanks and whatever characters, which no
-- collation does that MySQL and MariaDB both have. JSON is text and not JSON, so that numbers come back as they went
-- in. There are no foreign keys: users and sessions may be in different stores.
--
-- MySQL commits every statement that changes tables by itself. So each can be carried out again: whatever stops a
-- migration, the next one who opens the store goes on with it.

CREATE TABLE IF NOT EXISTS users (
    id                   BINARY(16)      NOT NULL PRIMARY KEY,
    email                TEXT            NOT NULL,
    -- The canonical form of the address: what look-ups and uniqueness go by.
    email_key            VARBINARY(1024) NOT NULL,
    password             TEXT            NOT NULL,
    is_active            BOOLEAN         NOT NULL,
    is_verified          BOOLEAN         NOT NULL,
    last_login           BIGINT,
    joined_at            BIGINT          NOT NULL,
    created_at           BIGINT          NOT NULL,
    updated_at           BIGINT          NOT NULL,
    profile              LONGTEXT        NOT NULL,
    epoch                BIGINT          NOT NULL,
    -- Whether the next sign-in must bring a new password.
    must_change_password BOOLEAN         NOT NULL,
    -- How many password resets were asked for: only the link of the last one counts.
    reset_serial         BIGINT          NOT NULL,
    -- The address before the present one, as typed and canonical, and until when the account may go back.
    previous_email       TEXT,
    previous_email_key   VARBINARY(1024),
    previous_email_until BIGINT,
    -- When a closed account is removed.
    closes_at            BIGINT,
    -- The authenticator app: its seed is sealed, and only codes of steps after the last accepted one count.
    totp_sealed          BLOB,
    totp_last_step       BIGINT,
    totp_enrolled_at     BIGINT,
    -- The digests of the codes that are left, 32 bytes each, one after the other; NULL for none.
    recovery_codes       BLOB,
    terms_version        TEXT,
    terms_accepted_at    BIGINT,
    version              BIGINT          NOT NULL,
    UNIQUE KEY users_by_email (email_key),
    KEY users_by_closing (closes_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS sessions (
    id                BINARY(16)  NOT NULL PRIMARY KEY,
    user_id           BINARY(16)  NOT NULL,
    epoch             BIGINT      NOT NULL,
    methods           TEXT        NOT NULL,
    auth_time         BIGINT      NOT NULL,
    client_ip         VARCHAR(64),
    client_user_agent TEXT,
    created_at        BIGINT      NOT NULL,
    refreshed_at      BIGINT      NOT NULL,
    idle_timeout      BIGINT      NOT NULL,
    expires_at        BIGINT      NOT NULL,
    access_expires_at BIGINT      NOT NULL,
    generation        BIGINT      NOT NULL,
    chain_key         BINARY(8)   NOT NULL,
    refresh_digest    BINARY(32)  NOT NULL,
    access_digest     BINARY(32)  NOT NULL,
    claims            LONGTEXT    NOT NULL,
    ended_at          BIGINT,
    ended_reason      VARCHAR(64),
    version           BIGINT      NOT NULL,
    KEY sessions_of_user (user_id, id),
    KEY sessions_by_expiry (expires_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS invitations (
    id         BINARY(16)      NOT NULL PRIMARY KEY,
    invited_by BINARY(16),
    email      TEXT,
    email_key  VARBINARY(1024),
    seats      BIGINT          NOT NULL,
    taken      BIGINT          NOT NULL,
    data       LONGTEXT        NOT NULL,
    created_at BIGINT          NOT NULL,
    expires_at BIGINT          NOT NULL,
    revoked_at BIGINT,
    version    BIGINT          NOT NULL,
    KEY invitations_of_user (invited_by, id),
    KEY invitations_by_expiry (expires_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS api_keys (
    id           BINARY(16) NOT NULL PRIMARY KEY,
    user_id      BINARY(16) NOT NULL,
    epoch        BIGINT     NOT NULL,
    name         TEXT       NOT NULL,
    scopes       LONGTEXT   NOT NULL,
    digest       BINARY(32) NOT NULL,
    created_at   BIGINT     NOT NULL,
    expires_at   BIGINT,
    last_used_at BIGINT,
    revoked_at   BIGINT,
    version      BIGINT     NOT NULL,
    KEY api_keys_of_user (user_id, id),
    KEY api_keys_by_expiry (expires_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- `sealed` only who has the master secret can read.
CREATE TABLE IF NOT EXISTS onboarding_sessions (
    id         BINARY(16) NOT NULL PRIMARY KEY,
    digest     BINARY(32) NOT NULL,
    sealed     LONGBLOB   NOT NULL,
    created_at BIGINT     NOT NULL,
    expires_at BIGINT     NOT NULL,
    version    BIGINT     NOT NULL,
    KEY onboarding_sessions_by_expiry (expires_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS attempts (
    `key`       VARBINARY(1024) NOT NULL PRIMARY KEY,
    `count`     BIGINT          NOT NULL,
    window_end  BIGINT          NOT NULL,
    consecutive BIGINT          NOT NULL,
    KEY attempts_by_window_end (window_end)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- `number` is given when an event is written, `seq` after its commit, in the order of the numbers, by whoever takes
-- events first. Cursors go along `seq`, so that no event is skipped whose transaction was slower than the next.
CREATE TABLE IF NOT EXISTS events (
    number  BIGINT        NOT NULL PRIMARY KEY AUTO_INCREMENT,
    seq     BIGINT,
    id      BINARY(16)    NOT NULL,
    -- Whom it concerns.
    user_id BINARY(16),
    at      BIGINT        NOT NULL,
    kind    VARBINARY(64) NOT NULL,
    record  LONGTEXT      NOT NULL,
    UNIQUE KEY events_by_id (id),
    KEY events_by_seq (seq, number),
    KEY events_of_user (user_id, id),
    KEY events_by_time (at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The last place that was given away. Its one row is locked by whoever gives places.
CREATE TABLE IF NOT EXISTS event_sequencer (
    id  BIGINT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT INTO event_sequencer (id, seq) VALUES (1, 0) ON DUPLICATE KEY UPDATE seq = seq;

-- How far each consumer has taken the events: up to and with `seq`. Until `next_try` it is given none.
CREATE TABLE IF NOT EXISTS event_consumers (
    name     VARBINARY(512) NOT NULL PRIMARY KEY,
    seq      BIGINT         NOT NULL,
    attempts BIGINT         NOT NULL,
    next_try BIGINT         NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Sealed: what is in them only who has the master secret can read. Those with `buried_at` were given up.
CREATE TABLE IF NOT EXISTS messages (
    seq           BIGINT      NOT NULL PRIMARY KEY AUTO_INCREMENT,
    id            BINARY(16)  NOT NULL,
    created_at    BIGINT      NOT NULL,
    sealed        LONGBLOB    NOT NULL,
    attempts      BIGINT      NOT NULL DEFAULT 0,
    next_try      BIGINT      NOT NULL,
    buried_at     BIGINT,
    burial_reason VARCHAR(64),
    UNIQUE KEY messages_by_id (id),
    -- Also finds the dead by when they were given up.
    KEY messages_in_order (buried_at, seq, next_try),
    KEY messages_by_next_try (buried_at, next_try)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
