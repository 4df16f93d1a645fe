-- Second factors, recovery codes, accepted terms, and people who are on their way in.

-- The authenticator app: its seed is sealed, and only codes of steps after the last accepted one count.
ALTER TABLE users ADD COLUMN totp_sealed BLOB;
ALTER TABLE users ADD COLUMN totp_last_step INTEGER;
ALTER TABLE users ADD COLUMN totp_enrolled_at INTEGER
    CHECK ((totp_sealed IS NULL) = (totp_enrolled_at IS NULL)
        AND (totp_last_step IS NULL) = (totp_enrolled_at IS NULL));
-- The digests of the codes that are left, 32 bytes each, one after the other; NULL for none.
ALTER TABLE users ADD COLUMN recovery_codes BLOB
    CHECK (length(recovery_codes) > 0 AND length(recovery_codes) % 32 = 0);
ALTER TABLE users ADD COLUMN terms_version TEXT;
ALTER TABLE users ADD COLUMN terms_accepted_at INTEGER
    CHECK ((terms_version IS NULL) = (terms_accepted_at IS NULL));

-- `sealed` only who has the master secret can read.
CREATE TABLE onboarding_sessions (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    digest     BLOB    NOT NULL CHECK (length(digest) = 32),
    sealed     BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    version    INTEGER NOT NULL
) STRICT;

CREATE INDEX onboarding_sessions_by_expiry ON onboarding_sessions (expires_at);
