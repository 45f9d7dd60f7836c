-- Restore is not a time machine: a database that is older than what was known of
-- it outside begins a new epoch, frozen, with a list of what was lost and made
-- void. While there is no row, the epoch is 1.
-- +goose Up
CREATE TABLE epoch (
    number    INTEGER PRIMARY KEY,
    began_at  BIGINT  NOT NULL,
    why       TEXT    NOT NULL,
    lost      TEXT    NOT NULL, -- JSON commands.Lost
    freeze_id TEXT    NOT NULL,
    row_n     BIGINT  NOT NULL DEFAULT 0,
    row_link  TEXT    NOT NULL DEFAULT '',
    row_mac   BYTEA
);

-- The audit log's head, signed, once in each slot of five minutes.
CREATE TABLE audit_signed_head (
    slot   BIGINT PRIMARY KEY, -- beginning of the five minutes
    epoch  INTEGER NOT NULL,
    seq    BIGINT  NOT NULL,
    hash   BYTEA   NOT NULL,
    at     BIGINT  NOT NULL,
    jws    TEXT    NOT NULL
);
