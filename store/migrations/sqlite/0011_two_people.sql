-- Power over people takes two people (SAFETY 4): what an administrator asks for
-- waits until a security officer agrees. And the way back in for a hospital that
-- has locked itself out.
-- +goose Up
-- With which factor a step-up was confirmed; empty: not yet, or before this.
ALTER TABLE step_up ADD COLUMN factor TEXT NOT NULL DEFAULT '';

CREATE TABLE account_change (
    id           TEXT PRIMARY KEY,
    account_id   TEXT    NOT NULL REFERENCES account (id),
    based_on     INTEGER NOT NULL, -- version of the account that was seen
    change       TEXT    NOT NULL, -- JSON
    asked_by     TEXT    NOT NULL REFERENCES account (id),
    asked_in     TEXT    NOT NULL, -- session
    asked_name   TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    decided_by   TEXT    NOT NULL DEFAULT '',
    decided_name TEXT    NOT NULL DEFAULT '',
    why          TEXT    NOT NULL DEFAULT '', -- of a denial
    created_at   BIGINT  NOT NULL,
    expires_at   BIGINT  NOT NULL,
    decided_at   BIGINT  NOT NULL DEFAULT 0
);
CREATE INDEX account_change_open ON account_change (created_at) WHERE state = 'pending';
CREATE INDEX account_change_account ON account_change (account_id, created_at);

-- The sealed codes that are printed on the host at founding. Each works once.
CREATE TABLE host_code (
    id         TEXT PRIMARY KEY,
    sealed     BLOB   NOT NULL, -- the code's hash
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL DEFAULT 0
);

-- A way back in that was asked for on the host: ready an hour later, if nobody
-- has called it off.
CREATE TABLE host_recovery (
    id         TEXT PRIMARY KEY,
    account_id TEXT   NOT NULL REFERENCES account (id),
    state      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    ready_at   BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX host_recovery_account ON host_recovery (account_id, created_at);
