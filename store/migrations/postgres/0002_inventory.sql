-- The inventory: places, access points, models, devices, what devices say about
-- themselves, and the history of both.
--
-- What people write about a device (device) and what the device says about
-- itself (device_report) are two tables. The second is rewritten by every poll,
-- in batches; the first is locked by everything that decides about a device.
-- Together they would wait for each other, and every poll would move all of the
-- indexes that lists are read by.
--
-- Texts that are sorted or looked up have the collation "C", so that both
-- engines give the same order.
-- +goose Up
CREATE TABLE place (
    id         TEXT COLLATE "C" PRIMARY KEY,
    parent_id  TEXT COLLATE "C" NOT NULL DEFAULT '', -- empty for a site
    kind       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    name_norm  TEXT COLLATE "C" NOT NULL,
    care_area  BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    version    INTEGER NOT NULL DEFAULT 1,
    UNIQUE (parent_id, name_norm)
);

CREATE TABLE access_point (
    bssid      TEXT COLLATE "C" PRIMARY KEY, -- lower case, colon separated
    name       TEXT   NOT NULL DEFAULT '',
    place_id   TEXT COLLATE "C" NOT NULL REFERENCES place (id),
    updated_at BIGINT NOT NULL
);
CREATE INDEX access_point_place ON access_point (place_id);

CREATE TABLE model (
    id                 TEXT COLLATE "C" PRIMARY KEY,
    maker              TEXT    NOT NULL,
    name               TEXT    NOT NULL,
    name_norm          TEXT COLLATE "C" NOT NULL UNIQUE, -- maker and name
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
    id                    TEXT COLLATE "C" PRIMARY KEY,
    class                 TEXT COLLATE "C" NOT NULL,
    model_id              TEXT COLLATE "C" NOT NULL,
    serial                TEXT    NOT NULL,
    serial_norm           TEXT COLLATE "C" NOT NULL,
    management            TEXT COLLATE "C" NOT NULL,
    asset_tag             TEXT    NOT NULL DEFAULT '',
    asset_tag_norm        TEXT COLLATE "C" NOT NULL DEFAULT '',
    owner                 TEXT    NOT NULL DEFAULT '',
    owner_norm            TEXT COLLATE "C" NOT NULL DEFAULT '',
    place_id              TEXT COLLATE "C" NOT NULL DEFAULT '',
    udi                   TEXT    NOT NULL DEFAULT '',
    udi_di                TEXT    NOT NULL DEFAULT '',
    lot                   TEXT    NOT NULL DEFAULT '',
    imei                  TEXT    NOT NULL DEFAULT '',
    mac                   TEXT    NOT NULL DEFAULT '',
    stage                 TEXT COLLATE "C" NOT NULL,
    condition             TEXT COLLATE "C" NOT NULL,
    custody_kind          TEXT COLLATE "C" NOT NULL,
    custody_which         TEXT    NOT NULL DEFAULT '',
    enrollment_id         TEXT COLLATE "C" NOT NULL DEFAULT '', -- the current one
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
CREATE INDEX device_by_enrollment ON device (enrollment_id) WHERE enrollment_id <> '';

-- The pieces of three characters in a text. A text can hold what is searched for
-- only if it has all of its pieces: that is what the index answers, without any
-- extension.
-- +goose StatementBegin
CREATE FUNCTION search_pieces(s TEXT) RETURNS TEXT[] LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT coalesce(array_agg(DISTINCT substr(s, i, 3)), '{}') FROM generate_series(1, length(s) - 2) AS i
$$;
-- +goose StatementEnd
CREATE INDEX device_search ON device USING gin (search_pieces(search));

CREATE TABLE device_tag (
    device_id TEXT COLLATE "C" NOT NULL REFERENCES device (id),
    tag       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (device_id, tag)
);
CREATE INDEX device_tag_by_tag ON device_tag (tag, device_id);

CREATE TABLE device_hold (
    device_id TEXT COLLATE "C" NOT NULL REFERENCES device (id),
    kind      TEXT COLLATE "C" NOT NULL,
    reason    TEXT   NOT NULL,
    since     BIGINT NOT NULL,
    may_lift  TEXT   NOT NULL,
    PRIMARY KEY (device_id, kind)
);
CREATE INDEX device_hold_by_kind ON device_hold (kind, device_id);

-- The last thing each device said about itself. There is a row for every device
-- from the start; received_at is 0 while it was never heard of.
CREATE TABLE device_report (
    device_id         TEXT COLLATE "C" PRIMARY KEY REFERENCES device (id),
    received_at       BIGINT  NOT NULL DEFAULT 0,
    therapy           TEXT COLLATE "C" NOT NULL DEFAULT '',
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
    seen_place_id     TEXT COLLATE "C" NOT NULL DEFAULT '', -- where its access point stands
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
    id        TEXT COLLATE "C" PRIMARY KEY,
    device_id TEXT COLLATE "C" NOT NULL REFERENCES device (id),
    at        BIGINT NOT NULL,
    what      TEXT   NOT NULL,
    was       TEXT   NOT NULL,
    became    TEXT   NOT NULL
);
CREATE INDEX device_change_of_device ON device_change (device_id, at, id);

-- Which wards a device was in: kept for 30 days.
CREATE TABLE device_sighting (
    id        TEXT COLLATE "C" PRIMARY KEY,
    device_id TEXT COLLATE "C" NOT NULL REFERENCES device (id),
    place_id  TEXT COLLATE "C" NOT NULL,
    first_at  BIGINT NOT NULL,
    last_at   BIGINT NOT NULL
);
CREATE INDEX device_sighting_of_device ON device_sighting (device_id, first_at, id);
CREATE INDEX device_sighting_by_last ON device_sighting (last_at);

-- Coordinates: taken only while a device is lost, kept for 7 days.
CREATE TABLE device_fix (
    id         TEXT COLLATE "C" PRIMARY KEY,
    device_id  TEXT COLLATE "C" NOT NULL REFERENCES device (id),
    at         BIGINT NOT NULL,
    latitude   DOUBLE PRECISION NOT NULL,
    longitude  DOUBLE PRECISION NOT NULL,
    accuracy_m DOUBLE PRECISION NOT NULL
);
CREATE INDEX device_fix_of_device ON device_fix (device_id, at, id);
CREATE INDEX device_fix_by_at ON device_fix (at);

-- That a pump was sanitised: by whom, how, before which witness.
CREATE TABLE device_sanitisation (
    id        TEXT COLLATE "C" PRIMARY KEY,
    device_id TEXT COLLATE "C" NOT NULL REFERENCES device (id),
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
    content_hash TEXT COLLATE "C" PRIMARY KEY,
    at           BIGINT  NOT NULL,
    actor        TEXT    NOT NULL,
    devices      INTEGER NOT NULL
);
