-- The guard (SAFETY 4): what counts for the limits, the guard's own clock and
-- lock, freezes, and changes of limits.
--
-- Whoever decides about work that is not quiet locks guard_state last of all
-- rows but the audit head: devices, places, guard. So two servers never count
-- the same room twice, and no lease commits after a freeze has answered.
-- +goose Up
CREATE TABLE guard_state (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    at    BIGINT  NOT NULL, -- the guard's clock: it never goes back
    skew  BIGINT  NOT NULL, -- microseconds that the database's clock is ahead of it
    jumps INTEGER NOT NULL  -- how often skew was changed
);
INSERT INTO guard_state (id, at, skew, jumps) VALUES (1, 0, 0, 0);

-- For which limits a command counts. person is the account that asked, or that
-- owns the token that did; empty for the server's own work. released_at is by the
-- guard's clock.
ALTER TABLE command ADD COLUMN person TEXT NOT NULL DEFAULT '';
ALTER TABLE command ADD COLUMN site_id TEXT NOT NULL DEFAULT '';
ALTER TABLE command ADD COLUMN asked_lost BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE command ADD COLUMN counts BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE command ADD COLUMN reserved BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE command ADD COLUMN approved BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE command ADD COLUMN released_at BIGINT NOT NULL DEFAULT 0;
UPDATE command SET counts = TRUE, person = requester_id, approved = approvals <> '[]', released_at = delivered_at
    WHERE weight <> 'quiet';
CREATE INDEX command_counts ON command (weight, released_at) WHERE counts AND released_at > 0;
-- What was asked lately, for bursts.
CREATE INDEX command_destructive_asked ON command (created_at) WHERE weight = 'destructive';
CREATE INDEX command_counts_open ON command (weight) WHERE counts AND state IN ('queued', 'held');

CREATE TABLE guard_freeze (
    id             TEXT PRIMARY KEY,
    scope          TEXT   NOT NULL, -- person, site, server
    scope_id       TEXT   NOT NULL, -- the account or the site; empty for server
    cause          TEXT   NOT NULL, -- by_hand, burst, clock
    reason         TEXT   NOT NULL,
    set_by         TEXT   NOT NULL, -- JSON audit.Actor
    caused_by      TEXT   NOT NULL, -- JSON list of accounts that cannot lift it
    set_at         BIGINT NOT NULL,
    already_left   TEXT   NOT NULL, -- JSON list of command ids
    lift_by        TEXT   NOT NULL DEFAULT '', -- JSON audit.Actor: who asked to lift it
    lift_roles     TEXT   NOT NULL DEFAULT '[]', -- JSON list of that person's roles
    lift_reason    TEXT   NOT NULL DEFAULT '',
    lift_asked_at  BIGINT NOT NULL DEFAULT 0,
    lifted_by      TEXT   NOT NULL DEFAULT '', -- JSON audit.Actor: who agreed
    lifted_at      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX guard_freeze_active ON guard_freeze (scope, scope_id) WHERE lifted_at = 0;

-- Every change of a limit, newest last. A lower number holds at once; a higher
-- one from effective_at on, once a second person has agreed.
CREATE TABLE limit_change (
    id           TEXT PRIMARY KEY,
    rule         TEXT    NOT NULL,
    number_was   INTEGER NOT NULL,
    number       INTEGER NOT NULL,
    reason       TEXT    NOT NULL,
    asked_by     TEXT    NOT NULL, -- JSON audit.Actor
    asked_at     BIGINT  NOT NULL,
    approved_by  TEXT    NOT NULL DEFAULT '', -- JSON audit.Actor
    approved_at  BIGINT  NOT NULL DEFAULT 0,
    effective_at BIGINT  NOT NULL DEFAULT 0, -- by the guard's clock; 0: not decided
    ended_at     BIGINT  NOT NULL DEFAULT 0, -- withdrawn, denied, or overtaken
    ended_why    TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX limit_change_rule ON limit_change (rule, id);
