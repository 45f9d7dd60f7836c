-- What people must hear of (docs/safety.md, Alerts), and the messages about it:
-- each is a row until it was sent.
-- +goose Up
CREATE TABLE alert (
    id              TEXT PRIMARY KEY,
    rule            TEXT    NOT NULL,
    key             TEXT    NOT NULL,
    device_id       TEXT    NOT NULL DEFAULT '',
    command_id      TEXT    NOT NULL DEFAULT '',
    account_id      TEXT    NOT NULL DEFAULT '',
    subject         TEXT    NOT NULL DEFAULT '',
    place_id        TEXT    NOT NULL DEFAULT '',
    site_id         TEXT    NOT NULL DEFAULT '',
    class           TEXT    NOT NULL DEFAULT '',
    facts           TEXT    NOT NULL, -- JSON
    raised_at       BIGINT  NOT NULL,
    times           INTEGER NOT NULL,
    last_at         BIGINT  NOT NULL,
    acknowledged_at BIGINT  NOT NULL DEFAULT 0,
    acknowledged_by TEXT    NOT NULL DEFAULT '', -- JSON
    note            TEXT    NOT NULL DEFAULT '',
    cleared_at      BIGINT  NOT NULL DEFAULT 0,
    is_open         BOOLEAN NOT NULL, -- somebody has to take note of it
    active          BOOLEAN NOT NULL, -- the same again is this one
    addressed       BOOLEAN NOT NULL  -- it is settled who is told
);
CREATE UNIQUE INDEX alert_active ON alert (rule, key) WHERE active;
CREATE INDEX alert_listed ON alert (is_open, id);
CREATE INDEX alert_unaddressed ON alert (id) WHERE NOT addressed;
CREATE INDEX alert_device ON alert (device_id) WHERE device_id <> '';

CREATE TABLE alert_delivery (
    id            TEXT PRIMARY KEY,
    alert_id      TEXT    NOT NULL REFERENCES alert (id),
    channel       TEXT    NOT NULL,
    target        TEXT    NOT NULL,
    account_id    TEXT    NOT NULL DEFAULT '',
    language      TEXT    NOT NULL DEFAULT '',
    state         TEXT    NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    due_at        BIGINT  NOT NULL,
    claimed_until BIGINT  NOT NULL DEFAULT 0,
    created_at    BIGINT  NOT NULL,
    ended_at      BIGINT  NOT NULL DEFAULT 0,
    last_error    TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX alert_delivery_due ON alert_delivery (due_at) WHERE state = 'waiting';
CREATE INDEX alert_delivery_alert ON alert_delivery (alert_id);

CREATE TABLE alert_setting (
    rule       TEXT PRIMARY KEY,
    setting    TEXT    NOT NULL, -- JSON
    version    INTEGER NOT NULL,
    updated_at BIGINT  NOT NULL,
    updated_by TEXT    NOT NULL -- JSON
);

CREATE TABLE alert_change (
    id       TEXT PRIMARY KEY,
    rule     TEXT    NOT NULL,
    next     TEXT    NOT NULL, -- JSON
    based_on INTEGER NOT NULL,
    reason   TEXT    NOT NULL,
    asked_by TEXT    NOT NULL, -- JSON
    asked_at BIGINT  NOT NULL,
    ended_at BIGINT  NOT NULL DEFAULT 0,
    ended_by TEXT    NOT NULL DEFAULT '', -- JSON
    agreed   BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE UNIQUE INDEX alert_change_open ON alert_change (rule) WHERE ended_at = 0;

CREATE TABLE webhook (
    id         TEXT PRIMARY KEY,
    name       TEXT   NOT NULL UNIQUE,
    url        TEXT   NOT NULL,
    sealed     BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT   NOT NULL -- JSON
);

-- Where people get mail. It is no part of the account: nothing is decided by it.
CREATE TABLE mail_address (
    account_id TEXT PRIMARY KEY REFERENCES account (id),
    address    TEXT   NOT NULL,
    language   TEXT   NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE backup_report (
    id          TEXT PRIMARY KEY,
    what        TEXT   NOT NULL,
    made_at     BIGINT NOT NULL,
    reported_at BIGINT NOT NULL,
    reported_by TEXT   NOT NULL -- JSON
);
CREATE INDEX backup_report_newest ON backup_report (made_at);
