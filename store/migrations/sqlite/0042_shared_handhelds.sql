-- Who has which shared handheld: taken and brought back at the charging station of
-- a ward or on somebody's own phone; what the rule about overdue ones did.
-- +goose Up
CREATE TABLE handheld_use (
    id             TEXT PRIMARY KEY,
    device_id      TEXT   NOT NULL REFERENCES device (id),
    ward_id        TEXT   NOT NULL,
    account_id     TEXT   NOT NULL REFERENCES account (id),
    username       TEXT   NOT NULL,
    name           TEXT   NOT NULL,
    via            TEXT   NOT NULL, -- the station's name, or self-service
    taken_at       BIGINT NOT NULL,
    due_at         BIGINT NOT NULL,
    ended_at       BIGINT NOT NULL, -- 0: they have it
    ending         TEXT   NOT NULL,
    reminded_at    BIGINT NOT NULL,
    locked_at      BIGINT NOT NULL, -- when the rule asked for the lock
    released_at    BIGINT NOT NULL, -- when all that was taken back
    clear_asked_at BIGINT NOT NULL,
    cleared_at     BIGINT NOT NULL,
    disputed_at    BIGINT NOT NULL,
    note           TEXT   NOT NULL,
    next_at        BIGINT NOT NULL  -- when the rule has something to do; 0: nothing
);
CREATE UNIQUE INDEX handheld_use_open ON handheld_use (device_id) WHERE ended_at = 0;
CREATE INDEX handheld_use_due ON handheld_use (next_at) WHERE next_at > 0;
CREATE INDEX handheld_use_by_account ON handheld_use (account_id, taken_at);
CREATE INDEX handheld_use_by_device ON handheld_use (device_id, taken_at);
CREATE INDEX handheld_use_by_clear ON handheld_use (clear_asked_at) WHERE clear_asked_at > 0;

-- One row, once somebody has changed what was shipped.
CREATE TABLE handheld_settings (
    id             BIGINT PRIMARY KEY CHECK (id = 1),
    shift_minutes  BIGINT NOT NULL,
    remind_minutes BIGINT NOT NULL,
    grace_minutes  BIGINT NOT NULL, -- 0: never locked
    clear          BOOLEAN NOT NULL,
    updated_at     BIGINT NOT NULL,
    updated_by     TEXT   NOT NULL
);
