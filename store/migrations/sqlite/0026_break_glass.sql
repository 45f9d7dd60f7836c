-- A break-glass that was carried out, until somebody who took no part in it has
-- reviewed it, and after.
-- +goose Up
CREATE TABLE break_glass (
    command_id  TEXT PRIMARY KEY,
    device_id   TEXT    NOT NULL REFERENCES device (id),
    serial      TEXT    NOT NULL,
    class       TEXT    NOT NULL,
    clinician   TEXT    NOT NULL,
    quarantine  TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    asked_by    TEXT    NOT NULL, -- JSON
    asked_at    BIGINT  NOT NULL,
    agreed_by   TEXT    NOT NULL, -- JSON
    begun_at    BIGINT  NOT NULL,
    therapy     TEXT    NOT NULL,
    age_us      BIGINT  NOT NULL,
    reviewed_by TEXT    NOT NULL DEFAULT '', -- JSON
    reviewed_at BIGINT  NOT NULL DEFAULT 0,
    justified   BOOLEAN NOT NULL DEFAULT FALSE,
    note        TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX break_glass_waiting ON break_glass (begun_at) WHERE reviewed_at = 0;
