-- Commands: one row for each order to one device, a row for every move that it
-- made, the batches they were asked in, and the questions that a wipe leaves on
-- a device that enrolled anew.
--
-- Every change of a command is made by who holds its device's row: device first,
-- then its commands.
--
-- Texts that are sorted or looked up have the collation "C".
--
-- due_at is when there is next something to do for a command; 0 means nothing,
-- and only what is above 0 is in the index that polls and replicas read.
-- +goose Up
CREATE TABLE command_batch (
    id             TEXT COLLATE "C" PRIMARY KEY,
    kind           TEXT COLLATE "C" NOT NULL,
    subkind        TEXT    NOT NULL,
    reason         TEXT    NOT NULL,
    ticket         TEXT    NOT NULL,
    requester      TEXT    NOT NULL, -- JSON audit.Actor
    weight         TEXT    NOT NULL,
    created_at     BIGINT  NOT NULL,
    not_before     BIGINT  NOT NULL,
    rings          INTEGER NOT NULL,
    open_ring      INTEGER NOT NULL,
    ring_opened_at BIGINT  NOT NULL,
    stopped_at     BIGINT  NOT NULL DEFAULT 0,
    stop_reason    TEXT    NOT NULL DEFAULT '',
    orders_hash    TEXT    NOT NULL
);
CREATE INDEX command_batch_running ON command_batch (id) WHERE stopped_at = 0 AND open_ring < rings;

-- Devices of a batch that were refused when it was asked.
CREATE TABLE command_batch_refusal (
    batch_id  TEXT COLLATE "C" NOT NULL REFERENCES command_batch (id),
    device_id TEXT COLLATE "C" NOT NULL,
    code      TEXT NOT NULL,
    sentence  TEXT NOT NULL,
    PRIMARY KEY (batch_id, device_id)
);

CREATE TABLE command (
    id              TEXT COLLATE "C" PRIMARY KEY,
    batch_id        TEXT COLLATE "C" NOT NULL,
    ring            INTEGER NOT NULL,
    device_id       TEXT COLLATE "C" NOT NULL REFERENCES device (id),
    enrollment_id   TEXT COLLATE "C" NOT NULL,
    class           TEXT    NOT NULL,
    kind            TEXT COLLATE "C" NOT NULL,
    subkind         TEXT    NOT NULL,
    args            TEXT    NOT NULL, -- JSON
    reason          TEXT    NOT NULL,
    ticket          TEXT    NOT NULL,
    requester       TEXT    NOT NULL, -- JSON audit.Actor
    requester_id    TEXT COLLATE "C" NOT NULL,
    state           TEXT COLLATE "C" NOT NULL,
    state_reason    TEXT    NOT NULL,
    unconfirmed     BOOLEAN NOT NULL,
    staged          BOOLEAN NOT NULL,
    outcome         TEXT    NOT NULL,
    hold_until_idle BOOLEAN NOT NULL,
    order_bytes     BYTEA   NOT NULL, -- never encoded again
    order_hash      TEXT    NOT NULL,
    weight          TEXT    NOT NULL,
    second_person   BOOLEAN NOT NULL,
    approvals       TEXT    NOT NULL, -- JSON list of commands.Approval
    asked_class     TEXT    NOT NULL,
    asked_custody   TEXT    NOT NULL, -- JSON device.Custody
    asked_place     TEXT    NOT NULL,
    attempt         INTEGER NOT NULL,
    refusals        INTEGER NOT NULL,
    postponed       INTEGER NOT NULL,
    moves           INTEGER NOT NULL, -- how many rows of command_transition it has
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    not_before      BIGINT  NOT NULL,
    due_at          BIGINT  NOT NULL,
    expires_at      BIGINT  NOT NULL,
    keep_while_lost BOOLEAN NOT NULL,
    delivered_at    BIGINT  NOT NULL,
    accepted_at     BIGINT  NOT NULL,
    ended_at        BIGINT  NOT NULL,
    receipt         TEXT    NOT NULL,
    receipt_valid   BOOLEAN NOT NULL,
    detail          TEXT    NOT NULL -- JSON, as the device said it; empty: nothing
);
-- What the polls of an enrollment may have: all that the wake index rests on.
CREATE INDEX command_due ON command (enrollment_id, state, staged, due_at) WHERE due_at > 0;
CREATE INDEX command_open ON command (device_id, id) WHERE ended_at = 0;
CREATE INDEX command_expiry ON command (expires_at) WHERE ended_at = 0;
CREATE INDEX command_unconfirmed ON command (accepted_at) WHERE state = 'accepted' AND NOT unconfirmed;
CREATE INDEX command_waiting_ring ON command (batch_id, ring) WHERE due_at = 0 AND ended_at = 0 AND ring > 1;
-- The lists that people ask for.
CREATE INDEX command_of_device ON command (device_id, id);
CREATE INDEX command_of_batch ON command (batch_id, id) WHERE batch_id <> '';
CREATE INDEX command_by_state ON command (state, id);
CREATE INDEX command_of_requester ON command (requester_id, id);

CREATE TABLE command_transition (
    command_id     TEXT COLLATE "C" NOT NULL REFERENCES command (id),
    n              INTEGER NOT NULL, -- from 1
    at             BIGINT  NOT NULL,
    from_state     TEXT    NOT NULL,
    to_state       TEXT    NOT NULL,
    step           TEXT    NOT NULL,
    actor          TEXT    NOT NULL, -- JSON audit.Actor
    reason         TEXT    NOT NULL,
    attempt        INTEGER NOT NULL,
    safety_state   TEXT    NOT NULL,
    state_age_us   BIGINT  NOT NULL,
    matrix_version TEXT    NOT NULL,
    PRIMARY KEY (command_id, n)
);

CREATE TABLE command_question (
    command_id  TEXT COLLATE "C" PRIMARY KEY REFERENCES command (id),
    device_id   TEXT COLLATE "C" NOT NULL REFERENCES device (id),
    at          BIGINT NOT NULL,
    text        TEXT   NOT NULL,
    answered_at BIGINT NOT NULL DEFAULT 0,
    answered_by TEXT   NOT NULL DEFAULT '' -- JSON audit.Actor
);
CREATE INDEX command_question_of_device ON command_question (device_id, at);
