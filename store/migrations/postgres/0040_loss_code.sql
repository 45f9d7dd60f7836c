-- The code that a help desk reads out to somebody whose phone is gone: it stands
-- for their password once, for reporting a loss and nothing else (SAFETY 5). It is
-- sealed with its end, so that the database cannot make one.
-- +goose Up
CREATE TABLE loss_code (
    account_id TEXT PRIMARY KEY REFERENCES account (id), -- one at a time
    sealed     BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);
