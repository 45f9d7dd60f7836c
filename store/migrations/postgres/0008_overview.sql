-- What the first screen of the console counts: how many devices were heard of in
-- each hour, and two indexes that find the few devices with a fault without
-- reading all of them.
--
-- A device counts once in each hour, for the site and the class that it had when
-- it was first heard in it. Kept for 30 days.
-- +goose Up
CREATE TABLE check_in_hour (
    hour    BIGINT NOT NULL, -- its beginning
    site_id TEXT COLLATE "C" NOT NULL, -- empty: the device belonged to no site
    class   TEXT COLLATE "C" NOT NULL,
    devices INTEGER NOT NULL,
    PRIMARY KEY (hour, site_id, class)
);
-- A query is served by these only when it says their conditions in these words.
CREATE INDEX device_report_wrong_clock ON device_report (device_id) WHERE clock_offset_us >= 120000000 OR clock_offset_us <= -120000000;
CREATE INDEX certificate_end ON certificate (device_id, enrollment_id, not_after) WHERE fingerprint <> '' AND superseded_at = 0 AND revocation <> 'revoked';
