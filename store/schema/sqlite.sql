-- The schema that all migrations together make. Written by the test; do not edit.

CREATE TABLE access_point (
    bssid      TEXT PRIMARY KEY, -- lower case, colon separated
    name       TEXT   NOT NULL DEFAULT '',
    place_id   TEXT NOT NULL REFERENCES place (id),
    updated_at BIGINT NOT NULL
);

CREATE TABLE account (
    id              TEXT PRIMARY KEY,
    username        TEXT    NOT NULL UNIQUE, -- lower case
    name            TEXT    NOT NULL,
    roles           TEXT    NOT NULL, -- JSON list
    scope           TEXT    NOT NULL, -- JSON
    disabled        BOOLEAN NOT NULL DEFAULT FALSE,
    founder         BOOLEAN NOT NULL DEFAULT FALSE,
    is_admin        BOOLEAN NOT NULL, -- enabled, with the role admin
    is_approver     BOOLEAN NOT NULL, -- enabled, can be a second person
    password        TEXT    NOT NULL DEFAULT '', -- PHC string
    totp            BLOB,
    totp_pending    BLOB,
    totp_counter    BIGINT  NOT NULL DEFAULT 0,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    last_sign_in_at BIGINT  NOT NULL DEFAULT 0,
    version         INTEGER NOT NULL DEFAULT 1
, cooling TEXT NOT NULL DEFAULT '[]', approver_from BIGINT NOT NULL DEFAULT 0, totp_good_from BIGINT NOT NULL DEFAULT 0, totp_old BLOB, totp_old_counter BIGINT NOT NULL DEFAULT 0, passkeys TEXT NOT NULL DEFAULT '[]', recovery_codes TEXT NOT NULL DEFAULT '[]', row_n BIGINT NOT NULL DEFAULT 0, row_link TEXT NOT NULL DEFAULT '', row_mac BLOB);

CREATE TABLE account_change (
    id           TEXT PRIMARY KEY,
    account_id   TEXT    NOT NULL REFERENCES account (id),
    based_on     INTEGER NOT NULL, -- version of the account that was seen
    change       TEXT    NOT NULL, -- JSON
    asked_by     TEXT    NOT NULL REFERENCES account (id),
    asked_in     TEXT    NOT NULL, -- session
    asked_name   TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    decided_by   TEXT    NOT NULL DEFAULT '',
    decided_name TEXT    NOT NULL DEFAULT '',
    why          TEXT    NOT NULL DEFAULT '', -- of a denial
    created_at   BIGINT  NOT NULL,
    expires_at   BIGINT  NOT NULL,
    decided_at   BIGINT  NOT NULL DEFAULT 0
, row_n BIGINT NOT NULL DEFAULT 0, row_link TEXT NOT NULL DEFAULT '', row_mac BLOB);

CREATE TABLE alert (
    id              TEXT PRIMARY KEY,
    rule            TEXT    NOT NULL,
    key             TEXT    NOT NULL,
    device_id       TEXT    NOT NULL DEFAULT '',
    command_id      TEXT    NOT NULL DEFAULT '',
    account_id      TEXT    NOT NULL DEFAULT '',
    subject         TEXT    NOT NULL DEFAULT '',
    place_id        TEXT    NOT NULL DEFAULT '',
    site_id         TEXT    NOT NULL DEFAULT '',
    class           TEXT    NOT NULL DEFAULT '',
    facts           TEXT    NOT NULL, -- JSON
    raised_at       BIGINT  NOT NULL,
    times           INTEGER NOT NULL,
    last_at         BIGINT  NOT NULL,
    acknowledged_at BIGINT  NOT NULL DEFAULT 0,
    acknowledged_by TEXT    NOT NULL DEFAULT '', -- JSON
    note            TEXT    NOT NULL DEFAULT '',
    cleared_at      BIGINT  NOT NULL DEFAULT 0,
    is_open         BOOLEAN NOT NULL, -- somebody has to take note of it
    active          BOOLEAN NOT NULL, -- the same again is this one
    addressed       BOOLEAN NOT NULL  -- it is settled who is told
);

CREATE TABLE alert_change (
    id       TEXT PRIMARY KEY,
    rule     TEXT    NOT NULL,
    next     TEXT    NOT NULL, -- JSON
    based_on INTEGER NOT NULL,
    reason   TEXT    NOT NULL,
    asked_by TEXT    NOT NULL, -- JSON
    asked_at BIGINT  NOT NULL,
    ended_at BIGINT  NOT NULL DEFAULT 0,
    ended_by TEXT    NOT NULL DEFAULT '', -- JSON
    agreed   BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE TABLE alert_delivery (
    id            TEXT PRIMARY KEY,
    alert_id      TEXT    NOT NULL REFERENCES alert (id),
    channel       TEXT    NOT NULL,
    target        TEXT    NOT NULL,
    account_id    TEXT    NOT NULL DEFAULT '',
    language      TEXT    NOT NULL DEFAULT '',
    state         TEXT    NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    due_at        BIGINT  NOT NULL,
    claimed_until BIGINT  NOT NULL DEFAULT 0,
    created_at    BIGINT  NOT NULL,
    ended_at      BIGINT  NOT NULL DEFAULT 0,
    last_error    TEXT    NOT NULL DEFAULT ''
);

CREATE TABLE alert_setting (
    rule       TEXT PRIMARY KEY,
    setting    TEXT    NOT NULL, -- JSON
    version    INTEGER NOT NULL,
    updated_at BIGINT  NOT NULL,
    updated_by TEXT    NOT NULL -- JSON
);

CREATE TABLE api_token (
    id           TEXT PRIMARY KEY,
    account_id   TEXT   NOT NULL REFERENCES account (id),
    name         TEXT   NOT NULL,
    scope        TEXT   NOT NULL, -- JSON
    hash         BLOB NOT NULL UNIQUE,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL DEFAULT 0, -- to the hour
    revoked_at   BIGINT NOT NULL DEFAULT 0
, row_n BIGINT NOT NULL DEFAULT 0, row_link TEXT NOT NULL DEFAULT '', row_mac BLOB);

CREATE TABLE audit_event (
    id            TEXT PRIMARY KEY,
    link_id       TEXT    NOT NULL REFERENCES audit_link (id),
    ordinal       INTEGER NOT NULL,
    at            BIGINT  NOT NULL,
    action        TEXT    NOT NULL,
    actor_kind    TEXT    NOT NULL,
    actor_id      TEXT    NOT NULL,
    device_id     TEXT    NOT NULL,
    enrollment_id TEXT    NOT NULL,
    command_id    TEXT    NOT NULL,
    subject       TEXT    NOT NULL,
    body          BLOB    NOT NULL,
    hash          BLOB    NOT NULL,
    UNIQUE (link_id, ordinal)
);

CREATE TABLE audit_head (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    seq  BIGINT NOT NULL,
    hash BLOB   NOT NULL
);

CREATE TABLE audit_link (
    id      TEXT PRIMARY KEY,
    n       INTEGER NOT NULL,
    content BLOB    NOT NULL,
    seq     BIGINT  UNIQUE,
    hash    BLOB
);

CREATE TABLE audit_signed_head (
    slot   BIGINT PRIMARY KEY, -- beginning of the five minutes
    epoch  INTEGER NOT NULL,
    seq    BIGINT  NOT NULL,
    hash   BLOB    NOT NULL,
    at     BIGINT  NOT NULL,
    jws    TEXT    NOT NULL
);

CREATE TABLE backup_report (
    id          TEXT PRIMARY KEY,
    what        TEXT   NOT NULL,
    made_at     BIGINT NOT NULL,
    reported_at BIGINT NOT NULL,
    reported_by TEXT   NOT NULL -- JSON
);

CREATE TABLE badge (
    account_id TEXT PRIMARY KEY REFERENCES account (id),
    digest     BLOB   NOT NULL UNIQUE, -- HMAC with a key of the master key
    set_at     BIGINT NOT NULL
);

CREATE TABLE break_glass (
    command_id  TEXT PRIMARY KEY,
    device_id   TEXT    NOT NULL REFERENCES device (id),
    serial      TEXT    NOT NULL,
    class       TEXT    NOT NULL,
    clinician   TEXT    NOT NULL,
    quarantine  TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    asked_by    TEXT    NOT NULL, -- JSON
    asked_at    BIGINT  NOT NULL,
    agreed_by   TEXT    NOT NULL, -- JSON
    begun_at    BIGINT  NOT NULL,
    therapy     TEXT    NOT NULL,
    age_us      BIGINT  NOT NULL,
    reviewed_by TEXT    NOT NULL DEFAULT '', -- JSON
    reviewed_at BIGINT  NOT NULL DEFAULT 0,
    justified   BOOLEAN NOT NULL DEFAULT FALSE,
    note        TEXT    NOT NULL DEFAULT ''
);

CREATE TABLE ceremony (
    hash       BLOB PRIMARY KEY, -- of the random name that the client holds
    purpose    TEXT   NOT NULL,
    account_id TEXT   NOT NULL DEFAULT '', -- empty: sign-in without a user name
    session_id TEXT   NOT NULL DEFAULT '',
    subject    TEXT   NOT NULL DEFAULT '',
    state      BLOB   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE certificate (
    serial        TEXT PRIMARY KEY, -- 32 hexadecimal digits
    purpose       TEXT NOT NULL,
    subject       TEXT    NOT NULL,
    device_id     TEXT NOT NULL DEFAULT '',
    enrollment_id TEXT NOT NULL DEFAULT '',
    class         TEXT NOT NULL DEFAULT '',
    maker_serial  TEXT    NOT NULL DEFAULT '',
    key_hash      TEXT NOT NULL DEFAULT '', -- SHA-256 of the SubjectPublicKeyInfo
    fingerprint   TEXT NOT NULL DEFAULT '', -- empty until it is signed
    der           BLOB,
    not_before    BIGINT  NOT NULL,
    not_after     BIGINT  NOT NULL,
    recorded_at   BIGINT  NOT NULL,
    issued_at     BIGINT  NOT NULL DEFAULT 0,
    first_used_at BIGINT  NOT NULL DEFAULT 0,
    superseded_at BIGINT  NOT NULL DEFAULT 0,
    revocation    TEXT NOT NULL DEFAULT '', -- '', held, revoked
    reason        INTEGER NOT NULL DEFAULT 0,
    revoked_at    BIGINT  NOT NULL DEFAULT 0,
    change        BIGINT  NOT NULL DEFAULT 0
);

CREATE TABLE challenge (
    hash          TEXT PRIMARY KEY,
    invitation_id TEXT NOT NULL REFERENCES invitation (id),
    serial        TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    used_at       BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE check_in_hour (
    hour    BIGINT NOT NULL, -- its beginning
    site_id TEXT NOT NULL, -- empty: the device belonged to no site
    class   TEXT NOT NULL,
    devices INTEGER NOT NULL,
    PRIMARY KEY (hour, site_id, class)
);

CREATE TABLE command (
    id              TEXT PRIMARY KEY,
    batch_id        TEXT    NOT NULL,
    ring            INTEGER NOT NULL,
    device_id       TEXT    NOT NULL REFERENCES device (id),
    enrollment_id   TEXT    NOT NULL,
    class           TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    subkind         TEXT    NOT NULL,
    args            TEXT    NOT NULL, -- JSON
    reason          TEXT    NOT NULL,
    ticket          TEXT    NOT NULL,
    requester       TEXT    NOT NULL, -- JSON audit.Actor
    requester_id    TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    state_reason    TEXT    NOT NULL,
    unconfirmed     BOOLEAN NOT NULL,
    staged          BOOLEAN NOT NULL,
    outcome         TEXT    NOT NULL,
    hold_until_idle BOOLEAN NOT NULL,
    order_bytes     BLOB    NOT NULL, -- never encoded again
    order_hash      TEXT    NOT NULL,
    weight          TEXT    NOT NULL,
    second_person   BOOLEAN NOT NULL,
    approvals       TEXT    NOT NULL, -- JSON list of commands.Approval
    asked_class     TEXT    NOT NULL,
    asked_custody   TEXT    NOT NULL, -- JSON device.Custody
    asked_place     TEXT    NOT NULL,
    attempt         INTEGER NOT NULL,
    refusals        INTEGER NOT NULL,
    postponed       INTEGER NOT NULL,
    moves           INTEGER NOT NULL, -- how many rows of command_transition it has
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    not_before      BIGINT  NOT NULL,
    due_at          BIGINT  NOT NULL,
    expires_at      BIGINT  NOT NULL,
    keep_while_lost BOOLEAN NOT NULL,
    delivered_at    BIGINT  NOT NULL,
    accepted_at     BIGINT  NOT NULL,
    ended_at        BIGINT  NOT NULL,
    receipt         TEXT    NOT NULL,
    receipt_valid   BOOLEAN NOT NULL,
    detail          TEXT    NOT NULL -- JSON, as the device said it; empty: nothing
, person TEXT NOT NULL DEFAULT '', site_id TEXT NOT NULL DEFAULT '', asked_lost BOOLEAN NOT NULL DEFAULT FALSE, counts BOOLEAN NOT NULL DEFAULT FALSE, reserved BOOLEAN NOT NULL DEFAULT FALSE, approved BOOLEAN NOT NULL DEFAULT FALSE, released_at BIGINT NOT NULL DEFAULT 0, row_n BIGINT NOT NULL DEFAULT 0, row_link TEXT NOT NULL DEFAULT '', row_mac BLOB);

CREATE TABLE command_batch (
    id             TEXT PRIMARY KEY,
    kind           TEXT    NOT NULL,
    subkind        TEXT    NOT NULL,
    reason         TEXT    NOT NULL,
    ticket         TEXT    NOT NULL,
    requester      TEXT    NOT NULL, -- JSON audit.Actor
    weight         TEXT    NOT NULL,
    created_at     BIGINT  NOT NULL,
    not_before     BIGINT  NOT NULL,
    rings          INTEGER NOT NULL,
    open_ring      INTEGER NOT NULL,
    ring_opened_at BIGINT  NOT NULL,
    stopped_at     BIGINT  NOT NULL DEFAULT 0,
    stop_reason    TEXT    NOT NULL DEFAULT '',
    orders_hash    TEXT    NOT NULL
);

CREATE TABLE command_batch_refusal (
    batch_id  TEXT NOT NULL REFERENCES command_batch (id),
    device_id TEXT NOT NULL,
    code      TEXT NOT NULL,
    sentence  TEXT NOT NULL,
    PRIMARY KEY (batch_id, device_id)
);

CREATE TABLE command_question (
    command_id  TEXT PRIMARY KEY REFERENCES command (id),
    device_id   TEXT   NOT NULL REFERENCES device (id),
    at          BIGINT NOT NULL,
    text        TEXT   NOT NULL,
    answered_at BIGINT NOT NULL DEFAULT 0,
    answered_by TEXT   NOT NULL DEFAULT '' -- JSON audit.Actor
);

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

CREATE TABLE command_transition (
    command_id     TEXT    NOT NULL REFERENCES command (id),
    n              INTEGER NOT NULL, -- from 1
    at             BIGINT  NOT NULL,
    from_state     TEXT    NOT NULL,
    to_state       TEXT    NOT NULL,
    step           TEXT    NOT NULL,
    actor          TEXT    NOT NULL, -- JSON audit.Actor
    reason         TEXT    NOT NULL,
    attempt        INTEGER NOT NULL,
    safety_state   TEXT    NOT NULL,
    state_age_us   BIGINT  NOT NULL,
    matrix_version TEXT    NOT NULL,
    PRIMARY KEY (command_id, n)
);

CREATE TABLE config_assignment (
    id          TEXT PRIMARY KEY,
    document_id TEXT NOT NULL REFERENCES config_document (id),
    subkind     TEXT NOT NULL,
    class       TEXT NOT NULL DEFAULT '',
    model_id    TEXT NOT NULL DEFAULT '',
    place_id    TEXT NOT NULL DEFAULT '',
    tag         TEXT NOT NULL DEFAULT '',
    ownership   TEXT NOT NULL DEFAULT '',
    created_at  BIGINT NOT NULL,
    created_by  TEXT   NOT NULL, row_n BIGINT NOT NULL DEFAULT 0, row_link TEXT NOT NULL DEFAULT '', row_mac BLOB,
    UNIQUE (subkind, class, model_id, place_id, tag, ownership)
);

CREATE TABLE config_document (
    id         TEXT PRIMARY KEY,
    subkind    TEXT NOT NULL,
    name       TEXT    NOT NULL,
    name_norm  TEXT NOT NULL,
    version    INTEGER NOT NULL, -- the newest
    retired    BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    UNIQUE (subkind, name_norm)
);

CREATE TABLE config_pending (
    device_id TEXT PRIMARY KEY REFERENCES device (id),
    at        BIGINT NOT NULL
);

CREATE TABLE config_state (
    device_id     TEXT NOT NULL REFERENCES device (id),
    subkind       TEXT NOT NULL,
    document_id   TEXT NOT NULL DEFAULT '', -- desired; empty: nothing is
    version       INTEGER NOT NULL DEFAULT 0,
    number        INTEGER NOT NULL DEFAULT 0,
    assignment_id TEXT NOT NULL DEFAULT '',
    why           TEXT    NOT NULL DEFAULT '',
    since         BIGINT  NOT NULL DEFAULT 0,
    reported      TEXT    NOT NULL DEFAULT '', -- the number that the device says is in force
    reported_at   BIGINT  NOT NULL DEFAULT 0,
    drift         BOOLEAN NOT NULL DEFAULT FALSE,
    next_at       BIGINT  NOT NULL DEFAULT 0, -- not to be asked again before
    attempts      INTEGER NOT NULL DEFAULT 0,
    asked_at      BIGINT  NOT NULL DEFAULT 0,
    command_id    TEXT    NOT NULL DEFAULT '',
    refusal       TEXT    NOT NULL DEFAULT '', -- a sentence: why it could not be asked
    PRIMARY KEY (device_id, subkind)
);

CREATE TABLE config_version (
    document_id TEXT NOT NULL REFERENCES config_document (id),
    version     INTEGER NOT NULL,
    number      INTEGER NOT NULL UNIQUE,
    content     TEXT    NOT NULL, -- JSON
    note        TEXT    NOT NULL DEFAULT '',
    created_at  BIGINT  NOT NULL,
    created_by  TEXT    NOT NULL, row_n BIGINT NOT NULL DEFAULT 0, row_link TEXT NOT NULL DEFAULT '', row_mac BLOB,
    PRIMARY KEY (document_id, version)
);

CREATE TABLE crl_state (
    issuer      TEXT PRIMARY KEY,
    changes     BIGINT NOT NULL DEFAULT 0,
    number      BIGINT NOT NULL DEFAULT 0,
    covers      BIGINT NOT NULL DEFAULT 0, -- the newest change that der takes in
    this_update BIGINT NOT NULL DEFAULT 0,
    next_update BIGINT NOT NULL DEFAULT 0,
    der         BLOB
);

CREATE TABLE data_key (
    id         INTEGER PRIMARY KEY,
    wrapped    BLOB   NOT NULL,
    wrapped_by TEXT   NOT NULL, -- names the master key; it is no secret
    created_at BIGINT NOT NULL,
    wrapped_at BIGINT NOT NULL
);

CREATE TABLE delivery (
    id         TEXT PRIMARY KEY,
    name       TEXT   NOT NULL,
    class      TEXT NOT NULL,
    model_id   TEXT NOT NULL,
    place_id   TEXT NOT NULL DEFAULT '',
    open_until BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    created_by TEXT   NOT NULL
);

CREATE TABLE delivery_import (
    content_hash TEXT PRIMARY KEY,
    at           BIGINT  NOT NULL,
    actor        TEXT    NOT NULL,
    devices      INTEGER NOT NULL
);

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
    version               INTEGER NOT NULL DEFAULT 1, phone_number TEXT NOT NULL DEFAULT '', contact TEXT NOT NULL DEFAULT '',
    UNIQUE (serial_norm, model_id)
);

CREATE TABLE device_change (
    id        TEXT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES device (id),
    at        BIGINT NOT NULL,
    what      TEXT   NOT NULL,
    was       TEXT   NOT NULL,
    became    TEXT   NOT NULL
);

CREATE TABLE device_fix (
    id         TEXT PRIMARY KEY,
    device_id  TEXT NOT NULL REFERENCES device (id),
    at         BIGINT NOT NULL,
    latitude   REAL NOT NULL,
    longitude  REAL NOT NULL,
    accuracy_m REAL NOT NULL
);

CREATE TABLE device_hold (
    device_id TEXT NOT NULL REFERENCES device (id),
    kind      TEXT NOT NULL,
    reason    TEXT   NOT NULL,
    since     BIGINT NOT NULL,
    may_lift  TEXT   NOT NULL, stolen BOOLEAN NOT NULL DEFAULT FALSE, proven BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (device_id, kind)
);

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

CREATE TABLE device_sanitisation (
    id        TEXT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES device (id),
    at        BIGINT NOT NULL,
    actor     TEXT   NOT NULL,
    witness   TEXT   NOT NULL,
    method    TEXT   NOT NULL,
    steps     TEXT   NOT NULL DEFAULT '[]' -- JSON list of the steps done
);

CREATE VIRTUAL TABLE device_search USING fts5 (search, content='', contentless_delete=1, tokenize='trigram', detail=none);

CREATE TABLE device_sighting (
    id        TEXT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES device (id),
    place_id  TEXT NOT NULL,
    first_at  BIGINT NOT NULL,
    last_at   BIGINT NOT NULL
);

CREATE TABLE device_tag (
    device_id TEXT NOT NULL REFERENCES device (id),
    tag       TEXT NOT NULL,
    PRIMARY KEY (device_id, tag)
);

CREATE TABLE enrollment (
    id            TEXT PRIMARY KEY,
    device_id     TEXT NOT NULL REFERENCES device (id),
    epoch         INTEGER NOT NULL,
    class         TEXT NOT NULL,
    model_id      TEXT NOT NULL,
    serial        TEXT    NOT NULL,
    invitation_id TEXT NOT NULL DEFAULT '',
    state         TEXT NOT NULL, -- issued, active, superseded, ended
    created_at    BIGINT  NOT NULL,
    completed_at  BIGINT  NOT NULL DEFAULT 0,
    ended_at      BIGINT  NOT NULL DEFAULT 0,
    ended_why     TEXT    NOT NULL DEFAULT '',
    UNIQUE (device_id, epoch)
);

CREATE TABLE epoch (
    number    INTEGER PRIMARY KEY,
    began_at  BIGINT  NOT NULL,
    why       TEXT    NOT NULL,
    lost      TEXT    NOT NULL, -- JSON commands.Lost
    freeze_id TEXT    NOT NULL,
    row_n     BIGINT  NOT NULL DEFAULT 0,
    row_link  TEXT    NOT NULL DEFAULT '',
    row_mac   BLOB
);

CREATE TABLE founding (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    account_id TEXT   NOT NULL REFERENCES account (id),
    at         BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL DEFAULT 0 -- when two approvers first existed
, row_n BIGINT NOT NULL DEFAULT 0, row_link TEXT NOT NULL DEFAULT '', row_mac BLOB);

CREATE TABLE founding_device (
    device_id TEXT PRIMARY KEY,
    at        BIGINT NOT NULL
);

CREATE TABLE guard_freeze (
    id             TEXT PRIMARY KEY,
    scope          TEXT   NOT NULL, -- person, site, server
    scope_id       TEXT   NOT NULL, -- the account or the site; empty for server
    cause          TEXT   NOT NULL, -- by_hand, burst, clock
    reason         TEXT   NOT NULL,
    set_by         TEXT   NOT NULL, -- JSON audit.Actor
    caused_by      TEXT   NOT NULL, -- JSON list of accounts that cannot lift it
    set_at         BIGINT NOT NULL,
    already_left   TEXT   NOT NULL, -- JSON list of command ids
    lift_by        TEXT   NOT NULL DEFAULT '', -- JSON audit.Actor: who asked to lift it
    lift_roles     TEXT   NOT NULL DEFAULT '[]', -- JSON list of that person's roles
    lift_reason    TEXT   NOT NULL DEFAULT '',
    lift_asked_at  BIGINT NOT NULL DEFAULT 0,
    lifted_by      TEXT   NOT NULL DEFAULT '', -- JSON audit.Actor: who agreed
    lifted_at      BIGINT NOT NULL DEFAULT 0
, row_n BIGINT NOT NULL DEFAULT 0, row_link TEXT NOT NULL DEFAULT '', row_mac BLOB);

CREATE TABLE guard_state (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    at    BIGINT  NOT NULL, -- the guard's clock: it never goes back
    skew  BIGINT  NOT NULL, -- microseconds that the database's clock is ahead of it
    jumps INTEGER NOT NULL  -- how often skew was changed
);

CREATE TABLE handheld_code (
    account_id TEXT PRIMARY KEY REFERENCES account (id),
    digest     BLOB   NOT NULL UNIQUE,
    expires_at BIGINT NOT NULL
);

CREATE TABLE handheld_settings (
    id             BIGINT PRIMARY KEY CHECK (id = 1),
    shift_minutes  BIGINT NOT NULL,
    remind_minutes BIGINT NOT NULL,
    grace_minutes  BIGINT NOT NULL, -- 0: never locked
    clear          BOOLEAN NOT NULL,
    updated_at     BIGINT NOT NULL,
    updated_by     TEXT   NOT NULL
);

CREATE TABLE handheld_use (
    id             TEXT PRIMARY KEY,
    device_id      TEXT   NOT NULL REFERENCES device (id),
    ward_id        TEXT   NOT NULL,
    account_id     TEXT   NOT NULL REFERENCES account (id),
    username       TEXT   NOT NULL,
    name           TEXT   NOT NULL,
    via            TEXT   NOT NULL, -- the station's name, or self-service
    taken_at       BIGINT NOT NULL,
    due_at         BIGINT NOT NULL,
    ended_at       BIGINT NOT NULL, -- 0: they have it
    ending         TEXT   NOT NULL,
    reminded_at    BIGINT NOT NULL,
    locked_at      BIGINT NOT NULL, -- when the rule asked for the lock
    released_at    BIGINT NOT NULL, -- when all that was taken back
    clear_asked_at BIGINT NOT NULL,
    cleared_at     BIGINT NOT NULL,
    disputed_at    BIGINT NOT NULL,
    note           TEXT   NOT NULL,
    next_at        BIGINT NOT NULL  -- when the rule has something to do; 0: nothing
);

CREATE TABLE host_code (
    id         TEXT PRIMARY KEY,
    sealed     BLOB   NOT NULL, -- the code's hash
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE host_recovery (
    id         TEXT PRIMARY KEY,
    account_id TEXT   NOT NULL REFERENCES account (id),
    state      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    ready_at   BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
, row_n BIGINT NOT NULL DEFAULT 0, row_link TEXT NOT NULL DEFAULT '', row_mac BLOB);

CREATE TABLE idempotency (
    principal  TEXT   NOT NULL,
    key        TEXT   NOT NULL,
    hash       TEXT   NOT NULL,
    resource   TEXT   NOT NULL,
    request_id TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (principal, key)
);

CREATE TABLE invitation (
    id            TEXT PRIMARY KEY,
    invited       TEXT NOT NULL, -- serial, delivery, person
    code_hash     TEXT NOT NULL UNIQUE,
    class         TEXT NOT NULL,
    model_id      TEXT NOT NULL,
    serial        TEXT    NOT NULL DEFAULT '',
    serial_norm   TEXT NOT NULL DEFAULT '',
    delivery_id   TEXT NOT NULL DEFAULT '',
    place_id      TEXT NOT NULL DEFAULT '',
    owner         TEXT    NOT NULL DEFAULT '',
    management    TEXT NOT NULL,
    created_at    BIGINT  NOT NULL,
    created_by    TEXT    NOT NULL,
    expires_at    BIGINT  NOT NULL,
    cancelled_at  BIGINT  NOT NULL DEFAULT 0,
    tries         INTEGER NOT NULL DEFAULT 0, -- wrong serials given with the right code
    used_at       BIGINT  NOT NULL DEFAULT 0,
    enrollment_id TEXT NOT NULL DEFAULT ''
, row_n BIGINT NOT NULL DEFAULT 0, row_link TEXT NOT NULL DEFAULT '', row_mac BLOB);

CREATE TABLE issuer (
    role        TEXT NOT NULL,
    generation  INTEGER NOT NULL,
    certificate BLOB   NOT NULL, -- DER
    sealed_key  BLOB   NOT NULL, -- PKCS #8 under the master key
    created_at  BIGINT  NOT NULL,
    PRIMARY KEY (role, generation)
);

CREATE TABLE limit_change (
    id           TEXT PRIMARY KEY,
    rule         TEXT    NOT NULL,
    number_was   INTEGER NOT NULL,
    number       INTEGER NOT NULL,
    reason       TEXT    NOT NULL,
    asked_by     TEXT    NOT NULL, -- JSON audit.Actor
    asked_at     BIGINT  NOT NULL,
    approved_by  TEXT    NOT NULL DEFAULT '', -- JSON audit.Actor
    approved_at  BIGINT  NOT NULL DEFAULT 0,
    effective_at BIGINT  NOT NULL DEFAULT 0, -- by the guard's clock; 0: not decided
    ended_at     BIGINT  NOT NULL DEFAULT 0, -- withdrawn, denied, or overtaken
    ended_why    TEXT    NOT NULL DEFAULT ''
, row_n BIGINT NOT NULL DEFAULT 0, row_link TEXT NOT NULL DEFAULT '', row_mac BLOB);

CREATE TABLE loss_code (
    account_id TEXT PRIMARY KEY REFERENCES account (id), -- one at a time
    sealed     BLOB NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE mail_address (
    account_id TEXT PRIMARY KEY REFERENCES account (id),
    address    TEXT   NOT NULL,
    language   TEXT   NOT NULL,
    updated_at BIGINT NOT NULL
);

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

CREATE TABLE packing_list (
    delivery_id   TEXT NOT NULL REFERENCES delivery (id),
    serial_norm   TEXT NOT NULL,
    serial        TEXT   NOT NULL,
    used_at       BIGINT NOT NULL DEFAULT 0,
    enrollment_id TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (delivery_id, serial_norm)
);

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

CREATE TABLE scep_transaction (
    id             TEXT PRIMARY KEY,
    transaction_id TEXT NOT NULL,
    signer         TEXT NOT NULL, -- 'key:' and the key's hash, or 'cert:' and the fingerprint
    csr_hash       TEXT NOT NULL,
    csr            BLOB  NOT NULL,
    key_hash       TEXT NOT NULL, -- of the key to be certified
    renewal        BOOLEAN NOT NULL,
    invitation_id  TEXT NOT NULL DEFAULT '',
    old_serial     TEXT NOT NULL DEFAULT '', -- the certificate that a renewal was signed with
    maker_serial   TEXT    NOT NULL,
    device_id      TEXT NOT NULL DEFAULT '', -- the record it would join
    enrollment_id  TEXT NOT NULL DEFAULT '',
    certificate    TEXT NOT NULL DEFAULT '', -- serial
    state          TEXT NOT NULL, -- waiting, approved, recorded, issued, denied
    reasons        TEXT    NOT NULL DEFAULT '[]', -- JSON, why it waits
    remote         TEXT    NOT NULL DEFAULT '',
    created_at     BIGINT  NOT NULL,
    decided_at     BIGINT  NOT NULL DEFAULT 0,
    decided_by     TEXT    NOT NULL DEFAULT '',
    decided_why    TEXT    NOT NULL DEFAULT '',
    UNIQUE (transaction_id, signer)
);

CREATE TABLE session (
    id         TEXT PRIMARY KEY,
    account_id TEXT    NOT NULL REFERENCES account (id),
    audience   TEXT    NOT NULL,
    factor     TEXT    NOT NULL,
    source     TEXT    NOT NULL,
    user_agent TEXT    NOT NULL,
    created_at BIGINT  NOT NULL,
    refresh_at BIGINT  NOT NULL,
    idle_until BIGINT  NOT NULL,
    expires_at BIGINT  NOT NULL,
    ended_at   BIGINT  NOT NULL DEFAULT 0,
    end_reason TEXT    NOT NULL DEFAULT '',
    generation INTEGER NOT NULL DEFAULT 0
, row_n BIGINT NOT NULL DEFAULT 0, row_link TEXT NOT NULL DEFAULT '', row_mac BLOB, acted_on TEXT NOT NULL DEFAULT '');

CREATE TABLE session_refresh (
    hash       BLOB PRIMARY KEY,
    session_id TEXT   NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    used_at    BIGINT NOT NULL DEFAULT 0
, row_n BIGINT NOT NULL DEFAULT 0, row_link TEXT NOT NULL DEFAULT '', row_mac BLOB);

CREATE TABLE setup_link (
    hash       BLOB PRIMARY KEY,
    account_id TEXT   NOT NULL UNIQUE, -- empty: makes the first administrator
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
, row_n BIGINT NOT NULL DEFAULT 0, row_link TEXT NOT NULL DEFAULT '', row_mac BLOB);

CREATE TABLE signing_key (
    id         TEXT PRIMARY KEY,
    replaces   TEXT   NOT NULL UNIQUE, -- empty for the first
    sealed     BLOB NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE station (
    id              TEXT PRIMARY KEY,
    ward_id         TEXT   NOT NULL,
    name            TEXT   NOT NULL,
    secret          BLOB   UNIQUE, -- SHA-256 of what its screen shows; NULL: no screen is paired
    code            BLOB   UNIQUE, -- keyed hash of the code that pairs a screen
    code_expires_at BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    created_by      TEXT   NOT NULL,
    paired_at       BIGINT NOT NULL,
    seen_at         BIGINT NOT NULL,
    ended_at        BIGINT NOT NULL
);

CREATE TABLE step_up (
    id           TEXT PRIMARY KEY,
    code         BLOB NOT NULL UNIQUE,
    account_id   TEXT   NOT NULL REFERENCES account (id),
    session_id   TEXT   NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    device_id    TEXT   NOT NULL DEFAULT '',
    batch        TEXT   NOT NULL DEFAULT '',
    kind         TEXT   NOT NULL DEFAULT '',
    reason       TEXT   NOT NULL DEFAULT '',
    summary      TEXT   NOT NULL DEFAULT '',
    state        TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    confirmed_at BIGINT NOT NULL DEFAULT 0,
    expires_at   BIGINT NOT NULL
, factor TEXT NOT NULL DEFAULT '', row_n BIGINT NOT NULL DEFAULT 0, row_link TEXT NOT NULL DEFAULT '', row_mac BLOB);

CREATE TABLE throttle (
    key           TEXT PRIMARY KEY,
    failures      INTEGER NOT NULL,
    since         BIGINT  NOT NULL,
    last          BIGINT  NOT NULL,
    blocked_until BIGINT  NOT NULL DEFAULT 0
);

CREATE TABLE webhook (
    id         TEXT PRIMARY KEY,
    name       TEXT   NOT NULL UNIQUE,
    url        TEXT   NOT NULL,
    sealed     BLOB   NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT   NOT NULL -- JSON
);

CREATE INDEX access_point_place ON access_point (place_id);

CREATE INDEX account_admin ON account (id) WHERE is_admin;

CREATE INDEX account_approver ON account (id) WHERE is_approver;

CREATE INDEX account_change_account ON account_change (account_id, created_at);

CREATE INDEX account_change_open ON account_change (created_at) WHERE state = 'pending';

CREATE UNIQUE INDEX alert_active ON alert (rule, key) WHERE active;

CREATE UNIQUE INDEX alert_change_open ON alert_change (rule) WHERE ended_at = 0;

CREATE INDEX alert_delivery_alert ON alert_delivery (alert_id);

CREATE INDEX alert_delivery_due ON alert_delivery (due_at) WHERE state = 'waiting';

CREATE INDEX alert_device ON alert (device_id) WHERE device_id <> '';

CREATE INDEX alert_listed ON alert (is_open, id);

CREATE INDEX alert_unaddressed ON alert (id) WHERE NOT addressed;

CREATE INDEX api_token_account ON api_token (account_id, created_at);

CREATE INDEX audit_event_action ON audit_event (action, at, id);

CREATE INDEX audit_event_at ON audit_event (at, id);

CREATE INDEX audit_event_command ON audit_event (command_id, at, id) WHERE command_id <> '';

CREATE INDEX audit_event_device ON audit_event (device_id, at, id) WHERE device_id <> '';

CREATE INDEX backup_report_newest ON backup_report (made_at);

CREATE INDEX break_glass_waiting ON break_glass (begun_at) WHERE reviewed_at = 0;

CREATE INDEX ceremony_expires ON ceremony (expires_at);

CREATE INDEX certificate_change ON certificate (change) WHERE change > 0;

CREATE INDEX certificate_end ON certificate (device_id, enrollment_id, not_after) WHERE fingerprint <> '' AND superseded_at = 0 AND revocation <> 'revoked';

CREATE UNIQUE INDEX certificate_fingerprint ON certificate (fingerprint) WHERE fingerprint <> '';

CREATE INDEX certificate_key ON certificate (key_hash);

CREATE INDEX certificate_of_device ON certificate (device_id, enrollment_id);

CREATE INDEX challenge_end ON challenge (expires_at);

CREATE INDEX challenge_of_invitation ON challenge (invitation_id);

CREATE INDEX command_batch_running ON command_batch (id) WHERE stopped_at = 0 AND open_ring < rings;

CREATE INDEX command_by_state ON command (state, id);

CREATE INDEX command_counts ON command (weight, released_at) WHERE counts AND released_at > 0;

CREATE INDEX command_counts_open ON command (weight) WHERE counts AND state IN ('queued', 'held');

CREATE INDEX command_destructive_asked ON command (created_at) WHERE weight = 'destructive';

CREATE INDEX command_due ON command (enrollment_id, state, staged, due_at) WHERE due_at > 0;

CREATE INDEX command_expiry ON command (expires_at) WHERE ended_at = 0;

CREATE INDEX command_of_batch ON command (batch_id, id) WHERE batch_id <> '';

CREATE INDEX command_of_device ON command (device_id, id);

CREATE INDEX command_of_requester ON command (requester_id, id);

CREATE INDEX command_open ON command (device_id, id) WHERE ended_at = 0;

CREATE INDEX command_question_of_device ON command_question (device_id, at);

CREATE INDEX command_unconfirmed ON command (accepted_at) WHERE state = 'accepted' AND NOT unconfirmed;

CREATE INDEX command_waiting_ring ON command (batch_id, ring) WHERE due_at = 0 AND ended_at = 0 AND ring > 1;

CREATE INDEX config_assignment_of_document ON config_assignment (document_id);

CREATE INDEX config_pending_by_at ON config_pending (at, device_id);

CREATE INDEX config_state_drift ON config_state (next_at, device_id) WHERE drift;

CREATE INDEX config_state_of_document ON config_state (document_id, device_id) WHERE document_id <> '';

CREATE UNIQUE INDEX device_asset_tag_is_unique ON device (asset_tag_norm) WHERE asset_tag_norm <> '';

CREATE INDEX device_by_asset_tag ON device (asset_tag_norm, id);

CREATE INDEX device_by_class ON device (class, stage, id);

CREATE INDEX device_by_custody ON device (custody_kind, condition, id);

CREATE INDEX device_by_enrollment ON device (enrollment_id) WHERE enrollment_id <> '';

CREATE INDEX device_by_management ON device (management, id);

CREATE INDEX device_by_model ON device (model_id, id);

CREATE INDEX device_by_owner ON device (owner_norm, id);

CREATE INDEX device_by_place ON device (place_id, id);

CREATE INDEX device_by_serial ON device (serial_norm, id);

CREATE INDEX device_by_stage ON device (stage, id);

CREATE INDEX device_by_updated ON device (updated_at, id);

CREATE INDEX device_change_of_device ON device_change (device_id, at, id);

CREATE INDEX device_fix_by_at ON device_fix (at);

CREATE INDEX device_fix_of_device ON device_fix (device_id, at, id);

CREATE INDEX device_for_lists ON device (id, management, class, stage, custody_kind, condition, place_id, enrollment_id);

CREATE INDEX device_for_numbers ON device (class, management, stage, place_id, ever_reported_therapy);

CREATE INDEX device_hold_by_kind ON device_hold (kind, device_id);

CREATE INDEX device_report_by_last_seen ON device_report (received_at, device_id);

CREATE INDEX device_report_by_seen_place ON device_report (seen_place_id, device_id) WHERE seen_place_id <> '';

CREATE INDEX device_report_by_therapy ON device_report (therapy, therapy_at, device_id, seen_place_id) WHERE therapy <> '';

CREATE INDEX device_report_wrong_clock ON device_report (device_id) WHERE clock_offset_us >= 120000000 OR clock_offset_us <= -120000000;

CREATE INDEX device_sanitisation_of_device ON device_sanitisation (device_id, at);

CREATE INDEX device_sighting_by_last ON device_sighting (last_at);

CREATE INDEX device_sighting_of_device ON device_sighting (device_id, first_at, id);

CREATE INDEX device_tag_by_tag ON device_tag (tag, device_id);

CREATE INDEX enrollment_not_completed ON enrollment (created_at) WHERE state = 'issued';

CREATE INDEX guard_freeze_active ON guard_freeze (scope, scope_id) WHERE lifted_at = 0;

CREATE INDEX handheld_use_by_account ON handheld_use (account_id, taken_at);

CREATE INDEX handheld_use_by_clear ON handheld_use (clear_asked_at) WHERE clear_asked_at > 0;

CREATE INDEX handheld_use_by_device ON handheld_use (device_id, taken_at);

CREATE INDEX handheld_use_due ON handheld_use (next_at) WHERE next_at > 0;

CREATE UNIQUE INDEX handheld_use_open ON handheld_use (device_id) WHERE ended_at = 0;

CREATE INDEX host_recovery_account ON host_recovery (account_id, created_at);

CREATE INDEX idempotency_at ON idempotency (at);

CREATE INDEX limit_change_rule ON limit_change (rule, id);

CREATE INDEX scep_transaction_invitation ON scep_transaction (invitation_id) WHERE invitation_id <> '';

CREATE INDEX scep_transaction_waiting ON scep_transaction (created_at, id) WHERE state = 'waiting';

CREATE INDEX session_account ON session (account_id, created_at);

CREATE INDEX session_expires ON session (expires_at);

CREATE INDEX session_refresh_session ON session_refresh (session_id);

CREATE INDEX step_up_session ON step_up (session_id, expires_at);

CREATE INDEX throttle_last ON throttle (last);

CREATE TRIGGER audit_event_is_append_only BEFORE UPDATE ON audit_event
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_event_is_never_deleted BEFORE DELETE ON audit_event
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER device_search_delete AFTER DELETE ON device BEGIN
    DELETE FROM device_search WHERE rowid = OLD.n;
END;

CREATE TRIGGER device_search_insert AFTER INSERT ON device BEGIN
    INSERT INTO device_search (rowid, search) VALUES (NEW.n, NEW.search);
END;

CREATE TRIGGER device_search_update AFTER UPDATE OF search ON device WHEN OLD.search <> NEW.search BEGIN
    DELETE FROM device_search WHERE rowid = OLD.n;
    INSERT INTO device_search (rowid, search) VALUES (NEW.n, NEW.search);
END;
