-- Every statement that a device signed about a command is kept, not only the
-- last: a final report must not hide that and when it began.
-- +goose Up
CREATE TABLE command_receipt (
    command_id  TEXT    NOT NULL REFERENCES command (id),
    n           INTEGER NOT NULL,
    at          BIGINT  NOT NULL, -- when the server received it
    status      TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL, -- of the certificate that it came with
    receipt     TEXT    NOT NULL, -- the JWS as the device signed it
    valid       BOOLEAN NOT NULL, -- verified against that certificate, and about this order
    PRIMARY KEY (command_id, n)
);
