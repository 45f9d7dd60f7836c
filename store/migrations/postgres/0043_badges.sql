-- How a charging station knows people, and how it is known itself. A badge's number
-- is printed on it and can be guessed: only a keyed hash is kept, and it is good for
-- taking and bringing back shared handhelds, for nothing else.
-- +goose Up
CREATE TABLE badge (
    account_id TEXT PRIMARY KEY REFERENCES account (id),
    digest     BYTEA  NOT NULL UNIQUE, -- HMAC with a key of the master key
    set_at     BIGINT NOT NULL
);

-- What somebody without their badge types at a station, good once and for minutes.
CREATE TABLE handheld_code (
    account_id TEXT PRIMARY KEY REFERENCES account (id),
    digest     BYTEA  NOT NULL UNIQUE,
    expires_at BIGINT NOT NULL
);

-- The screens at charging stations: each shows the board of one ward.
CREATE TABLE station (
    id              TEXT PRIMARY KEY,
    ward_id         TEXT   NOT NULL,
    name            TEXT   NOT NULL,
    secret          BYTEA  UNIQUE, -- SHA-256 of what its screen shows; NULL: no screen is paired
    code            BYTEA  UNIQUE, -- keyed hash of the code that pairs a screen
    code_expires_at BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    created_by      TEXT   NOT NULL,
    paired_at       BIGINT NOT NULL,
    seen_at         BIGINT NOT NULL,
    ended_at        BIGINT NOT NULL
);
