-- The inventory: places, access points, models, devices, what devices say about
-- themselves, and the history of both.
--
-- What people write about a device (device) and what the device says about
-- itself (device_report) are two tables. The second is rewritten by every poll,
-- in batches; the first is locked by everything that decides about a device.
-- Together they would wait for each other, and every poll would move all of the
-- indexes that lists are read by.
--
-- Texts sort by their bytes, as on PostgreSQL with the collation "C".
-- +goose Up
CREATE TABLE place (
    id         TEXT PRIMARY KEY,
    parent_id  TEXT NOT NULL DEFAULT '', -- empty for a site
    kind       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    name_norm  TEXT NOT NULL,
    care_area  BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    version    INTEGER NOT NULL DEFAULT 1,
    UNIQUE (parent_id, name_norm)
);

CREATE TABLE access_point (
    bssid      TEXT PRIMARY KEY, -- lower case, colon separated
    name       TEXT   NOT NULL DEFAULT '',
    place_id   TEXT NOT NULL REFERENCES place (id),
    updated_at BIGINT NOT NULL
);
CREATE INDEX access_point_place ON access_point (place_id);

CREATE TABLE model (
    id                 TEXT PRIMARY KEY,
    maker              TEXT    NOT NULL,
    name               TEXT    NOT NULL,
    name_norm          TEXT NOT NULL UNIQUE, -- maker and name
    class              TEXT    NOT NULL,
    capabilities       TEXT    NOT NULL DEFAULT '[]', -- JSON list of kinds
    wipe_erases        TEXT    NOT NULL DEFAULT '',
    wipe_keeps         TEXT    NOT NULL DEFAULT '',
    sanitisation       TEXT    NOT NULL DEFAULT '[]', -- JSON list of steps
    network_cut        TEXT    NOT NULL DEFAULT 'unknown',
    network_cut_source TEXT    NOT NULL DEFAULT '',
    legacy_scep        BOOLEAN NOT NULL DEFAULT FALSE,
    created_at         BIGINT  NOT NULL,
    updated_at         BIGINT  NOT NULL,
    version            INTEGER NOT NULL DEFAULT 1
);

-- "*_norm" columns hold the text trimmed, in lower case: what is unique, sorted
-- and looked up. "search" holds every value that people search by, letters and
-- digits only, each after a line feed.
CREATE TABLE device (
    n                     INTEGER PRIMARY KEY, -- the row in device_search
    id                    TEXT    NOT NULL UNIQUE,
    class                 TEXT NOT NULL,
    model_id              TEXT NOT NULL,
    serial                TEXT    NOT NULL,
    serial_norm           TEXT NOT NULL,
    management            TEXT NOT NULL,
    asset_tag             TEXT    NOT NULL DEFAULT '',
    asset_tag_norm        TEXT NOT NULL DEFAULT '',
    owner                 TEXT    NOT NULL DEFAULT '',
    owner_norm            TEXT NOT NULL DEFAULT '',
    place_id              TEXT NOT NULL DEFAULT '',
    udi                   TEXT    NOT NULL DEFAULT '',
    udi_di                TEXT    NOT NULL DEFAULT '',
    lot                   TEXT    NOT NULL DEFAULT '',
    imei                  TEXT    NOT NULL DEFAULT '',
    mac                   TEXT    NOT NULL DEFAULT '',
    stage                 TEXT NOT NULL,
    condition             TEXT NOT NULL,
    custody_kind          TEXT NOT NULL,
    custody_which         TEXT    NOT NULL DEFAULT '',
    enrollment_id         TEXT NOT NULL DEFAULT '', -- the current one
    ever_reported_therapy BOOLEAN NOT NULL DEFAULT FALSE,
    search                TEXT    NOT NULL DEFAULT '',
    created_at            BIGINT  NOT NULL,
    updated_at            BIGINT  NOT NULL,
    version               INTEGER NOT NULL DEFAULT 1,
    UNIQUE (serial_norm, model_id)
);
CREATE UNIQUE INDEX device_asset_tag_is_unique ON device (asset_tag_norm) WHERE asset_tag_norm <> '';
-- The orders that lists are offered in.
CREATE INDEX device_by_serial ON device (serial_norm, id);
CREATE INDEX device_by_asset_tag ON device (asset_tag_norm, id);
CREATE INDEX device_by_owner ON device (owner_norm, id);
CREATE INDEX device_by_updated ON device (updated_at, id);
-- The filters that lists are narrowed by.
CREATE INDEX device_by_class ON device (class, stage, id);
CREATE INDEX device_by_stage ON device (stage, id);
CREATE INDEX device_by_place ON device (place_id, id);
CREATE INDEX device_by_model ON device (model_id, id);
CREATE INDEX device_by_custody ON device (custody_kind, condition, id);
CREATE INDEX device_by_management ON device (management, id);
-- What a list is narrowed by, without reading the whole row of every device.
CREATE INDEX device_for_lists ON device (id, management, class, stage, custody_kind, condition, place_id);
CREATE INDEX device_by_enrollment ON device (enrollment_id) WHERE enrollment_id <> '';

-- The pieces of three characters in a text. A text can hold what is searched for
-- only if it has all of its pieces: that is what this index answers.
CREATE VIRTUAL TABLE device_search USING fts5 (search, content='', contentless_delete=1, tokenize='trigram', detail=none);
-- +goose StatementBegin
CREATE TRIGGER device_search_insert AFTER INSERT ON device BEGIN
    INSERT INTO device_search (rowid, search) VALUES (NEW.n, NEW.search);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER device_search_update AFTER UPDATE OF search ON device WHEN OLD.search <> NEW.search BEGIN
    DELETE FROM device_search WHERE rowid = OLD.n;
    INSERT INTO device_search (rowid, search) VALUES (NEW.n, NEW.search);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER device_search_delete AFTER DELETE ON device BEGIN
    DELETE FROM device_search WHERE rowid = OLD.n;
END;
-- +goose StatementEnd

CREATE TABLE device_tag (
    device_id TEXT NOT NULL REFERENCES device (id),
    tag       TEXT NOT NULL,
    PRIMARY KEY (device_id, tag)
);
CREATE INDEX device_tag_by_tag ON device_tag (tag, device_id);

CREATE TABLE device_hold (
    device_id TEXT NOT NULL REFERENCES device (id),
    kind      TEXT NOT NULL,
    reason    TEXT   NOT NULL,
    since     BIGINT NOT NULL,
    may_lift  TEXT   NOT NULL,
    PRIMARY KEY (device_id, kind)
);
CREATE INDEX device_hold_by_kind ON device_hold (kind, device_id);

-- The last thing each device said about itself. There is a row for every device
-- from the start; received_at is 0 while it was never heard of.
CREATE TABLE device_report (
    device_id         TEXT PRIMARY KEY REFERENCES device (id),
    received_at       BIGINT  NOT NULL DEFAULT 0,
    therapy           TEXT NOT NULL DEFAULT '',
    therapy_age_us    BIGINT  NOT NULL DEFAULT 0,
    therapy_at        BIGINT  NOT NULL DEFAULT 0,
    battery_percent   INTEGER NOT NULL DEFAULT -1,
    charging          BOOLEAN NOT NULL DEFAULT FALSE,
    ssid              TEXT    NOT NULL DEFAULT '',
    bssid             TEXT    NOT NULL DEFAULT '',
    rssi_dbm          INTEGER NOT NULL DEFAULT 0,
    ip                TEXT    NOT NULL DEFAULT '',
    storage_encrypted BOOLEAN,
    passcode_set      BOOLEAN,
    location          TEXT    NOT NULL DEFAULT '', -- JSON device.LocationFix
    seen_place_id     TEXT NOT NULL DEFAULT '', -- where its access point stands
    software_version  TEXT    NOT NULL DEFAULT '',
    firmware_version  TEXT    NOT NULL DEFAULT '',
    os_version        TEXT    NOT NULL DEFAULT '',
    agent_version     TEXT    NOT NULL DEFAULT '',
    clock_offset_us   BIGINT  NOT NULL DEFAULT 0,
    config_versions   TEXT    NOT NULL DEFAULT '{}', -- JSON, by subkind
    locked            BOOLEAN NOT NULL DEFAULT FALSE,
    lost_mode         BOOLEAN NOT NULL DEFAULT FALSE,
    inventory_hash    TEXT    NOT NULL DEFAULT '',
    inventory         TEXT    NOT NULL DEFAULT '{}'  -- JSON inventory.Facts
);
CREATE INDEX device_report_by_last_seen ON device_report (received_at, device_id);
CREATE INDEX device_report_by_therapy ON device_report (therapy, therapy_at, device_id, seen_place_id) WHERE therapy <> '';
CREATE INDEX device_report_by_seen_place ON device_report (seen_place_id, device_id) WHERE seen_place_id <> '';

-- What changed in what a device said: its timeline, beside the audit log.
CREATE TABLE device_change (
    id        TEXT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES device (id),
    at        BIGINT NOT NULL,
    what      TEXT   NOT NULL,
    was       TEXT   NOT NULL,
    became    TEXT   NOT NULL
);
CREATE INDEX device_change_of_device ON device_change (device_id, at, id);

-- Which wards a device was in: kept for 30 days.
CREATE TABLE device_sighting (
    id        TEXT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES device (id),
    place_id  TEXT NOT NULL,
    first_at  BIGINT NOT NULL,
    last_at   BIGINT NOT NULL
);
CREATE INDEX device_sighting_of_device ON device_sighting (device_id, first_at, id);
CREATE INDEX device_sighting_by_last ON device_sighting (last_at);

-- Coordinates: taken only while a device is lost, kept for 7 days.
CREATE TABLE device_fix (
    id         TEXT PRIMARY KEY,
    device_id  TEXT NOT NULL REFERENCES device (id),
    at         BIGINT NOT NULL,
    latitude   REAL NOT NULL,
    longitude  REAL NOT NULL,
    accuracy_m REAL NOT NULL
);
CREATE INDEX device_fix_of_device ON device_fix (device_id, at, id);
CREATE INDEX device_fix_by_at ON device_fix (at);

-- That a pump was sanitised: by whom, how, before which witness.
CREATE TABLE device_sanitisation (
    id        TEXT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES device (id),
    at        BIGINT NOT NULL,
    actor     TEXT   NOT NULL,
    witness   TEXT   NOT NULL,
    method    TEXT   NOT NULL,
    steps     TEXT   NOT NULL DEFAULT '[]' -- JSON list of the steps done
);
CREATE INDEX device_sanitisation_of_device ON device_sanitisation (device_id, at);

-- Deliveries that were taken in, by the hash of the file: sent twice is taken in
-- once.
CREATE TABLE delivery_import (
    content_hash TEXT PRIMARY KEY,
    at           BIGINT  NOT NULL,
    actor        TEXT    NOT NULL,
    devices      INTEGER NOT NULL
);
