-- The key that seals secrets at rest, itself sealed by a master key that the
-- database does not hold. Another master key changes this one row.
-- +goose Up
CREATE TABLE data_key (
    id         INTEGER PRIMARY KEY,
    wrapped    BYTEA   NOT NULL,
    wrapped_by TEXT   NOT NULL, -- names the master key; it is no secret
    created_at BIGINT NOT NULL,
    wrapped_at BIGINT NOT NULL
);
