-- The audit log and its hash chain. One audit_link per transaction covers the
-- events of that transaction; the writer numbers it (there is one writer).
-- +goose Up
CREATE TABLE audit_head (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    seq  BIGINT NOT NULL,
    hash BLOB   NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, zeroblob(32));

CREATE TABLE audit_link (
    id      TEXT PRIMARY KEY,
    n       INTEGER NOT NULL,
    content BLOB    NOT NULL,
    seq     BIGINT  UNIQUE,
    hash    BLOB
);

CREATE TABLE audit_event (
    id            TEXT PRIMARY KEY,
    link_id       TEXT    NOT NULL REFERENCES audit_link (id),
    ordinal       INTEGER NOT NULL,
    at            BIGINT  NOT NULL,
    action        TEXT    NOT NULL,
    actor_kind    TEXT    NOT NULL,
    actor_id      TEXT    NOT NULL,
    device_id     TEXT    NOT NULL,
    enrollment_id TEXT    NOT NULL,
    command_id    TEXT    NOT NULL,
    subject       TEXT    NOT NULL,
    body          BLOB    NOT NULL,
    hash          BLOB    NOT NULL,
    UNIQUE (link_id, ordinal)
);
CREATE INDEX audit_event_device ON audit_event (device_id, at, id) WHERE device_id <> '';
CREATE INDEX audit_event_command ON audit_event (command_id, at, id) WHERE command_id <> '';
CREATE INDEX audit_event_at ON audit_event (at, id);

-- +goose StatementBegin
CREATE TRIGGER audit_event_is_append_only BEFORE UPDATE ON audit_event
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_event_is_never_deleted BEFORE DELETE ON audit_event
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
