-- What was reported lost may have been stolen, which contains it (SAFETY 5); and
-- a session of one act remembers the device that it has acted on.
-- +goose Up
ALTER TABLE device_hold ADD COLUMN stolen BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE session ADD COLUMN acted_on TEXT NOT NULL DEFAULT '';
