-- Certificates and enrollment: the authority's own keys, every certificate we
-- ever meant to sign, the revocation lists, and the way from an invitation to a
-- device that can prove who it is.
--
-- A certificate's serial number is recorded before it is signed. What the world
-- is told about a certificate (revocation) and what our own listener makes of it
-- (superseded_at) are two things: a renewed certificate is no longer taken by us,
-- and stays off the CRL until the device's Wi-Fi has moved on.
--
-- crl_state.changes of the issuing CA counts every change of a certificate's
-- status. The row is locked by whoever changes one until its commit, so that the
-- numbers follow the order of commits and "everything after n" misses nothing.
-- +goose Up
CREATE TABLE issuer (
    role        TEXT COLLATE "C" NOT NULL,
    generation  INTEGER NOT NULL,
    certificate BYTEA   NOT NULL, -- DER
    sealed_key  BYTEA   NOT NULL, -- PKCS #8 under the master key
    created_at  BIGINT  NOT NULL,
    PRIMARY KEY (role, generation)
);

CREATE TABLE crl_state (
    issuer      TEXT COLLATE "C" PRIMARY KEY,
    changes     BIGINT NOT NULL DEFAULT 0,
    number      BIGINT NOT NULL DEFAULT 0,
    covers      BIGINT NOT NULL DEFAULT 0, -- the newest change that der takes in
    this_update BIGINT NOT NULL DEFAULT 0,
    next_update BIGINT NOT NULL DEFAULT 0,
    der         BYTEA
);
INSERT INTO crl_state (issuer) VALUES ('root'), ('issuing');

CREATE TABLE certificate (
    serial        TEXT COLLATE "C" PRIMARY KEY, -- 32 hexadecimal digits
    purpose       TEXT COLLATE "C" NOT NULL,
    subject       TEXT    NOT NULL,
    device_id     TEXT COLLATE "C" NOT NULL DEFAULT '',
    enrollment_id TEXT COLLATE "C" NOT NULL DEFAULT '',
    class         TEXT COLLATE "C" NOT NULL DEFAULT '',
    maker_serial  TEXT    NOT NULL DEFAULT '',
    key_hash      TEXT COLLATE "C" NOT NULL DEFAULT '', -- SHA-256 of the SubjectPublicKeyInfo
    fingerprint   TEXT COLLATE "C" NOT NULL DEFAULT '', -- empty until it is signed
    der           BYTEA,
    not_before    BIGINT  NOT NULL,
    not_after     BIGINT  NOT NULL,
    recorded_at   BIGINT  NOT NULL,
    issued_at     BIGINT  NOT NULL DEFAULT 0,
    first_used_at BIGINT  NOT NULL DEFAULT 0,
    superseded_at BIGINT  NOT NULL DEFAULT 0,
    revocation    TEXT COLLATE "C" NOT NULL DEFAULT '', -- '', held, revoked
    reason        INTEGER NOT NULL DEFAULT 0,
    revoked_at    BIGINT  NOT NULL DEFAULT 0,
    change        BIGINT  NOT NULL DEFAULT 0
);
-- A partial index serves only queries that say its condition in these very words:
-- neither engine knows that a bound value is not empty.
CREATE UNIQUE INDEX certificate_fingerprint ON certificate (fingerprint) WHERE fingerprint <> '';
CREATE INDEX certificate_of_device ON certificate (device_id, enrollment_id);
CREATE INDEX certificate_key ON certificate (key_hash);
CREATE INDEX certificate_change ON certificate (change) WHERE change > 0;

CREATE TABLE delivery (
    id         TEXT COLLATE "C" PRIMARY KEY,
    name       TEXT   NOT NULL,
    class      TEXT COLLATE "C" NOT NULL,
    model_id   TEXT COLLATE "C" NOT NULL,
    place_id   TEXT COLLATE "C" NOT NULL DEFAULT '',
    open_until BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    created_by TEXT   NOT NULL
);

CREATE TABLE packing_list (
    delivery_id   TEXT COLLATE "C" NOT NULL REFERENCES delivery (id),
    serial_norm   TEXT COLLATE "C" NOT NULL,
    serial        TEXT   NOT NULL,
    used_at       BIGINT NOT NULL DEFAULT 0,
    enrollment_id TEXT COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (delivery_id, serial_norm)
);

-- Codes and challenges lie here as hashes only.
CREATE TABLE invitation (
    id            TEXT COLLATE "C" PRIMARY KEY,
    invited       TEXT COLLATE "C" NOT NULL, -- serial, delivery, person
    code_hash     TEXT COLLATE "C" NOT NULL UNIQUE,
    class         TEXT COLLATE "C" NOT NULL,
    model_id      TEXT COLLATE "C" NOT NULL,
    serial        TEXT    NOT NULL DEFAULT '',
    serial_norm   TEXT COLLATE "C" NOT NULL DEFAULT '',
    delivery_id   TEXT COLLATE "C" NOT NULL DEFAULT '',
    place_id      TEXT COLLATE "C" NOT NULL DEFAULT '',
    owner         TEXT    NOT NULL DEFAULT '',
    management    TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT  NOT NULL,
    created_by    TEXT    NOT NULL,
    expires_at    BIGINT  NOT NULL,
    cancelled_at  BIGINT  NOT NULL DEFAULT 0,
    tries         INTEGER NOT NULL DEFAULT 0, -- wrong serials given with the right code
    used_at       BIGINT  NOT NULL DEFAULT 0,
    enrollment_id TEXT COLLATE "C" NOT NULL DEFAULT ''
);

-- One-time secrets for SCEP, each good for one serial under one invitation.
CREATE TABLE challenge (
    hash          TEXT COLLATE "C" PRIMARY KEY,
    invitation_id TEXT COLLATE "C" NOT NULL REFERENCES invitation (id),
    serial        TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    used_at       BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX challenge_of_invitation ON challenge (invitation_id);
CREATE INDEX challenge_end ON challenge (expires_at);

CREATE TABLE enrollment (
    id            TEXT COLLATE "C" PRIMARY KEY,
    device_id     TEXT COLLATE "C" NOT NULL REFERENCES device (id),
    epoch         INTEGER NOT NULL,
    class         TEXT COLLATE "C" NOT NULL,
    model_id      TEXT COLLATE "C" NOT NULL,
    serial        TEXT    NOT NULL,
    invitation_id TEXT COLLATE "C" NOT NULL DEFAULT '',
    state         TEXT COLLATE "C" NOT NULL, -- issued, active, superseded, ended
    created_at    BIGINT  NOT NULL,
    completed_at  BIGINT  NOT NULL DEFAULT 0,
    ended_at      BIGINT  NOT NULL DEFAULT 0,
    ended_why     TEXT    NOT NULL DEFAULT '',
    UNIQUE (device_id, epoch)
);
CREATE INDEX enrollment_not_completed ON enrollment (created_at) WHERE state = 'issued';

-- One row for each thing a device asked for over SCEP that we said yes or "wait"
-- to: asked again, it gets the same answer.
CREATE TABLE scep_transaction (
    id             TEXT COLLATE "C" PRIMARY KEY,
    transaction_id TEXT COLLATE "C" NOT NULL,
    signer         TEXT COLLATE "C" NOT NULL, -- 'key:' and the key's hash, or 'cert:' and the fingerprint
    csr_hash       TEXT COLLATE "C" NOT NULL,
    csr            BYTEA  NOT NULL,
    key_hash       TEXT COLLATE "C" NOT NULL, -- of the key to be certified
    renewal        BOOLEAN NOT NULL,
    invitation_id  TEXT COLLATE "C" NOT NULL DEFAULT '',
    old_serial     TEXT COLLATE "C" NOT NULL DEFAULT '', -- the certificate that a renewal was signed with
    maker_serial   TEXT    NOT NULL,
    device_id      TEXT COLLATE "C" NOT NULL DEFAULT '', -- the record it would join
    enrollment_id  TEXT COLLATE "C" NOT NULL DEFAULT '',
    certificate    TEXT COLLATE "C" NOT NULL DEFAULT '', -- serial
    state          TEXT COLLATE "C" NOT NULL, -- waiting, approved, recorded, issued, denied
    reasons        TEXT    NOT NULL DEFAULT '[]', -- JSON, why it waits
    remote         TEXT    NOT NULL DEFAULT '',
    created_at     BIGINT  NOT NULL,
    decided_at     BIGINT  NOT NULL DEFAULT 0,
    decided_by     TEXT    NOT NULL DEFAULT '',
    decided_why    TEXT    NOT NULL DEFAULT '',
    UNIQUE (transaction_id, signer)
);
CREATE INDEX scep_transaction_waiting ON scep_transaction (created_at, id) WHERE state = 'waiting';
