-- The audit log and its hash chain. One audit_link per transaction covers the
-- events of that transaction. A deferred constraint trigger numbers it inside
-- COMMIT: the head is the last lock that any transaction takes, so the order of
-- numbers is the order of commits and no client can hold it.
-- +goose Up
CREATE TABLE audit_head (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    seq  BIGINT NOT NULL,
    hash BYTEA  NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, decode(repeat('00', 32), 'hex'));

CREATE TABLE audit_link (
    id      TEXT PRIMARY KEY,
    n       INTEGER NOT NULL,
    content BYTEA   NOT NULL,
    seq     BIGINT  UNIQUE,
    hash    BYTEA
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
    body          BYTEA   NOT NULL,
    hash          BYTEA   NOT NULL,
    UNIQUE (link_id, ordinal)
);
CREATE INDEX audit_event_device ON audit_event (device_id, at, id) WHERE device_id <> '';
CREATE INDEX audit_event_command ON audit_event (command_id, at, id) WHERE command_id <> '';
CREATE INDEX audit_event_at ON audit_event (at, id);

-- +goose StatementBegin
CREATE FUNCTION audit_number_link() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    new_seq  BIGINT;
    new_hash BYTEA;
BEGIN
    UPDATE audit_head
       SET seq = seq + 1, hash = sha256(hash || int8send(seq + 1) || NEW.content)
     WHERE id = 1
    RETURNING seq, hash INTO new_seq, new_hash;
    UPDATE audit_link SET seq = new_seq, hash = new_hash WHERE id = NEW.id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE CONSTRAINT TRIGGER audit_link_numbered AFTER INSERT ON audit_link
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_number_link();

-- +goose StatementBegin
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER audit_event_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
