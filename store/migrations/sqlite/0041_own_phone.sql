-- What somebody says of a phone that they register themselves: its number, and how
-- to reach them when it turns up.
-- +goose Up
ALTER TABLE device ADD COLUMN phone_number TEXT NOT NULL DEFAULT '';
ALTER TABLE device ADD COLUMN contact TEXT NOT NULL DEFAULT '';
