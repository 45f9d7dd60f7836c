-- Twelve hours of silence contain what its holder, or somebody with a second
-- factor, reported lost. What a session alone reported waits for a second person:
-- otherwise a stolen session cut everything off that is switched off at night.
-- +goose Up
ALTER TABLE device_hold ADD COLUMN proven BOOLEAN NOT NULL DEFAULT FALSE;
