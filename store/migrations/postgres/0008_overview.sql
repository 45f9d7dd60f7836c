-- What the first screen of the console counts: how many devices were heard of in
-- each hour, and the indexes from which the rest is counted without reading, or
-- sorting, the rows of 100,000 devices.
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
-- In the order in which devices are grouped.
CREATE INDEX device_for_numbers ON device (class, management, stage, place_id, ever_reported_therapy);
-- A query is served by these only when it says their conditions in these words.
CREATE INDEX device_report_wrong_clock ON device_report (device_id) WHERE clock_offset_us >= 120000000 OR clock_offset_us <= -120000000;
CREATE INDEX certificate_end ON certificate (device_id, enrollment_id, not_after) WHERE fingerprint <> '' AND superseded_at = 0 AND revocation <> 'revoked';
