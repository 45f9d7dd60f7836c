-- Requests that were carried out under an Idempotency-Key, kept for 24 hours.
-- The row is written in the transaction of the effect and names what it made;
-- no answer is stored.
-- +goose Up
CREATE TABLE idempotency (
    principal  TEXT   NOT NULL,
    key        TEXT   NOT NULL,
    hash       TEXT   NOT NULL,
    resource   TEXT   NOT NULL,
    request_id TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (principal, key)
);
CREATE INDEX idempotency_at ON idempotency (at);
