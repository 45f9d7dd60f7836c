-- Rows that grant power carry a code (package internal/rowmac): row_mac is an HMAC
-- under a key that the database does not hold, over what the row grants, how often
-- it was written (row_n, which only rises), and the audit link of the transaction
-- that wrote it (row_link).
--
-- Rows that exist are signed once, by the start that runs this migration.
-- +goose Up
ALTER TABLE account ADD COLUMN row_n BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN row_link TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN row_mac BLOB;
ALTER TABLE founding ADD COLUMN row_n BIGINT NOT NULL DEFAULT 0;
ALTER TABLE founding ADD COLUMN row_link TEXT NOT NULL DEFAULT '';
ALTER TABLE founding ADD COLUMN row_mac BLOB;
ALTER TABLE account_change ADD COLUMN row_n BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account_change ADD COLUMN row_link TEXT NOT NULL DEFAULT '';
ALTER TABLE account_change ADD COLUMN row_mac BLOB;
ALTER TABLE host_recovery ADD COLUMN row_n BIGINT NOT NULL DEFAULT 0;
ALTER TABLE host_recovery ADD COLUMN row_link TEXT NOT NULL DEFAULT '';
ALTER TABLE host_recovery ADD COLUMN row_mac BLOB;
ALTER TABLE setup_link ADD COLUMN row_n BIGINT NOT NULL DEFAULT 0;
ALTER TABLE setup_link ADD COLUMN row_link TEXT NOT NULL DEFAULT '';
ALTER TABLE setup_link ADD COLUMN row_mac BLOB;
ALTER TABLE session ADD COLUMN row_n BIGINT NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN row_link TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN row_mac BLOB;
ALTER TABLE session_refresh ADD COLUMN row_n BIGINT NOT NULL DEFAULT 0;
ALTER TABLE session_refresh ADD COLUMN row_link TEXT NOT NULL DEFAULT '';
ALTER TABLE session_refresh ADD COLUMN row_mac BLOB;
ALTER TABLE step_up ADD COLUMN row_n BIGINT NOT NULL DEFAULT 0;
ALTER TABLE step_up ADD COLUMN row_link TEXT NOT NULL DEFAULT '';
ALTER TABLE step_up ADD COLUMN row_mac BLOB;
ALTER TABLE api_token ADD COLUMN row_n BIGINT NOT NULL DEFAULT 0;
ALTER TABLE api_token ADD COLUMN row_link TEXT NOT NULL DEFAULT '';
ALTER TABLE api_token ADD COLUMN row_mac BLOB;
ALTER TABLE command ADD COLUMN row_n BIGINT NOT NULL DEFAULT 0;
ALTER TABLE command ADD COLUMN row_link TEXT NOT NULL DEFAULT '';
ALTER TABLE command ADD COLUMN row_mac BLOB;
ALTER TABLE guard_freeze ADD COLUMN row_n BIGINT NOT NULL DEFAULT 0;
ALTER TABLE guard_freeze ADD COLUMN row_link TEXT NOT NULL DEFAULT '';
ALTER TABLE guard_freeze ADD COLUMN row_mac BLOB;
ALTER TABLE limit_change ADD COLUMN row_n BIGINT NOT NULL DEFAULT 0;
ALTER TABLE limit_change ADD COLUMN row_link TEXT NOT NULL DEFAULT '';
ALTER TABLE limit_change ADD COLUMN row_mac BLOB;
ALTER TABLE invitation ADD COLUMN row_n BIGINT NOT NULL DEFAULT 0;
ALTER TABLE invitation ADD COLUMN row_link TEXT NOT NULL DEFAULT '';
ALTER TABLE invitation ADD COLUMN row_mac BLOB;
ALTER TABLE config_version ADD COLUMN row_n BIGINT NOT NULL DEFAULT 0;
ALTER TABLE config_version ADD COLUMN row_link TEXT NOT NULL DEFAULT '';
ALTER TABLE config_version ADD COLUMN row_mac BLOB;
ALTER TABLE config_assignment ADD COLUMN row_n BIGINT NOT NULL DEFAULT 0;
ALTER TABLE config_assignment ADD COLUMN row_link TEXT NOT NULL DEFAULT '';
ALTER TABLE config_assignment ADD COLUMN row_mac BLOB;
