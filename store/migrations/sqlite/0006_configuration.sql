-- Configuration as desired state: documents with versions that never change,
-- assignments that say for which devices they are meant, and for every device and
-- kind of document what is desired, what the device reports, and what was done
-- about the difference.
--
-- config_version.number counts over all documents: it is the version that a
-- device is told and reports, so that version 2 of one document is never taken
-- for version 2 of another.
-- +goose Up
CREATE TABLE config_document (
    id         TEXT PRIMARY KEY,
    subkind    TEXT NOT NULL,
    name       TEXT    NOT NULL,
    name_norm  TEXT NOT NULL,
    version    INTEGER NOT NULL, -- the newest
    retired    BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    UNIQUE (subkind, name_norm)
);

CREATE TABLE config_version (
    document_id TEXT NOT NULL REFERENCES config_document (id),
    version     INTEGER NOT NULL,
    number      INTEGER NOT NULL UNIQUE,
    content     TEXT    NOT NULL, -- JSON
    note        TEXT    NOT NULL DEFAULT '',
    created_at  BIGINT  NOT NULL,
    created_by  TEXT    NOT NULL,
    PRIMARY KEY (document_id, version)
);

-- An empty column of a selector does not narrow.
CREATE TABLE config_assignment (
    id          TEXT PRIMARY KEY,
    document_id TEXT NOT NULL REFERENCES config_document (id),
    subkind     TEXT NOT NULL,
    class       TEXT NOT NULL DEFAULT '',
    model_id    TEXT NOT NULL DEFAULT '',
    place_id    TEXT NOT NULL DEFAULT '',
    tag         TEXT NOT NULL DEFAULT '',
    ownership   TEXT NOT NULL DEFAULT '',
    created_at  BIGINT NOT NULL,
    created_by  TEXT   NOT NULL,
    UNIQUE (subkind, class, model_id, place_id, tag, ownership)
);
CREATE INDEX config_assignment_of_document ON config_assignment (document_id);

CREATE TABLE config_state (
    device_id     TEXT NOT NULL REFERENCES device (id),
    subkind       TEXT NOT NULL,
    document_id   TEXT NOT NULL DEFAULT '', -- desired; empty: nothing is
    version       INTEGER NOT NULL DEFAULT 0,
    number        INTEGER NOT NULL DEFAULT 0,
    assignment_id TEXT NOT NULL DEFAULT '',
    why           TEXT    NOT NULL DEFAULT '',
    since         BIGINT  NOT NULL DEFAULT 0,
    reported      TEXT    NOT NULL DEFAULT '', -- the number that the device says is in force
    reported_at   BIGINT  NOT NULL DEFAULT 0,
    drift         BOOLEAN NOT NULL DEFAULT FALSE,
    next_at       BIGINT  NOT NULL DEFAULT 0, -- not to be asked again before
    attempts      INTEGER NOT NULL DEFAULT 0,
    asked_at      BIGINT  NOT NULL DEFAULT 0,
    command_id    TEXT    NOT NULL DEFAULT '',
    refusal       TEXT    NOT NULL DEFAULT '', -- a sentence: why it could not be asked
    PRIMARY KEY (device_id, subkind)
);
CREATE INDEX config_state_drift ON config_state (next_at, device_id) WHERE drift;
CREATE INDEX config_state_of_document ON config_state (document_id, device_id) WHERE document_id <> '';

-- Devices of which it must be found out anew what is desired.
CREATE TABLE config_pending (
    device_id TEXT PRIMARY KEY REFERENCES device (id),
    at        BIGINT NOT NULL
);
CREATE INDEX config_pending_by_at ON config_pending (at, device_id);
