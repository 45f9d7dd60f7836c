-- People: accounts with their secrets, sessions, step-ups, API tokens, and the
-- counts that slow guessing down.
--
-- Of secrets that were made at random only the SHA-256 is kept; passwords are
-- argon2id; seeds of one-time codes and signing keys are sealed under a master
-- key that the database does not hold.
-- +goose Up
CREATE TABLE account (
    id              TEXT PRIMARY KEY,
    username        TEXT    NOT NULL UNIQUE, -- lower case
    name            TEXT    NOT NULL,
    roles           TEXT    NOT NULL, -- JSON list
    scope           TEXT    NOT NULL, -- JSON
    disabled        BOOLEAN NOT NULL DEFAULT FALSE,
    founder         BOOLEAN NOT NULL DEFAULT FALSE,
    is_admin        BOOLEAN NOT NULL, -- enabled, with the role admin
    is_approver     BOOLEAN NOT NULL, -- enabled, can be a second person
    password        TEXT    NOT NULL DEFAULT '', -- PHC string
    totp            BLOB,
    totp_pending    BLOB,
    totp_counter    BIGINT  NOT NULL DEFAULT 0,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    last_sign_in_at BIGINT  NOT NULL DEFAULT 0,
    version         INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX account_admin ON account (id) WHERE is_admin;
CREATE INDEX account_approver ON account (id) WHERE is_approver;

-- One row for ever: there is one first administrator, and two servers that
-- found at once cannot both succeed.
CREATE TABLE founding (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    account_id TEXT   NOT NULL REFERENCES account (id),
    at         BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL DEFAULT 0 -- when two approvers first existed
);

CREATE TABLE setup_link (
    hash       BLOB PRIMARY KEY,
    account_id TEXT   NOT NULL UNIQUE, -- empty: makes the first administrator
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE session (
    id         TEXT PRIMARY KEY,
    account_id TEXT    NOT NULL REFERENCES account (id),
    audience   TEXT    NOT NULL,
    factor     TEXT    NOT NULL,
    source     TEXT    NOT NULL,
    user_agent TEXT    NOT NULL,
    created_at BIGINT  NOT NULL,
    refresh_at BIGINT  NOT NULL,
    idle_until BIGINT  NOT NULL,
    expires_at BIGINT  NOT NULL,
    ended_at   BIGINT  NOT NULL DEFAULT 0,
    end_reason TEXT    NOT NULL DEFAULT '',
    generation INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX session_account ON session (account_id, created_at);
CREATE INDEX session_expires ON session (expires_at);

-- Every refresh token that a session ever had: one that was used and is shown
-- again ends the session.
CREATE TABLE session_refresh (
    hash       BLOB PRIMARY KEY,
    session_id TEXT   NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    used_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX session_refresh_session ON session_refresh (session_id);

CREATE TABLE step_up (
    id           TEXT PRIMARY KEY,
    code         BLOB NOT NULL UNIQUE,
    account_id   TEXT   NOT NULL REFERENCES account (id),
    session_id   TEXT   NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    device_id    TEXT   NOT NULL DEFAULT '',
    batch        TEXT   NOT NULL DEFAULT '',
    kind         TEXT   NOT NULL DEFAULT '',
    reason       TEXT   NOT NULL DEFAULT '',
    summary      TEXT   NOT NULL DEFAULT '',
    state        TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    confirmed_at BIGINT NOT NULL DEFAULT 0,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX step_up_session ON step_up (session_id, expires_at);

CREATE TABLE api_token (
    id           TEXT PRIMARY KEY,
    account_id   TEXT   NOT NULL REFERENCES account (id),
    name         TEXT   NOT NULL,
    scope        TEXT   NOT NULL, -- JSON
    hash         BLOB NOT NULL UNIQUE,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL DEFAULT 0, -- to the hour
    revoked_at   BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX api_token_account ON api_token (account_id, created_at);

CREATE TABLE throttle (
    key           TEXT PRIMARY KEY,
    failures      INTEGER NOT NULL,
    since         BIGINT  NOT NULL,
    last          BIGINT  NOT NULL,
    blocked_until BIGINT  NOT NULL DEFAULT 0
);
CREATE INDEX throttle_last ON throttle (last);

-- Each key names the one that it replaces, so of servers that replace the same
-- key at once only one succeeds.
CREATE TABLE signing_key (
    id         TEXT PRIMARY KEY,
    replaces   TEXT   NOT NULL UNIQUE, -- empty for the first
    sealed     BLOB NOT NULL,
    created_at BIGINT NOT NULL
);
