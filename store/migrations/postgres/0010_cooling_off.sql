-- Cooling-off, founding and further factors (SAFETY 4): a role or a factor that
-- is new destroys nothing yet, and the first administrator acts on few devices.
--
-- Accounts and factors that exist already count as long held: whoever could act
-- yesterday can act today.
-- +goose Up
-- JSON list of the roles that were given lately: since when, by whom, who
-- confirmed the person, and from when the role is good. A role that is not in it
-- was held before there was a cooling-off.
ALTER TABLE account ADD COLUMN cooling TEXT NOT NULL DEFAULT '[]';
-- From when the account counts as an approver; 0: nobody has confirmed it yet.
ALTER TABLE account ADD COLUMN approver_from BIGINT NOT NULL DEFAULT 0;
UPDATE account SET approver_from = created_at WHERE is_approver;
-- A new authenticator app is good for destructive work from totp_good_from on;
-- until then the one that it replaces stays good.
ALTER TABLE account ADD COLUMN totp_good_from BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN totp_old BYTEA;
ALTER TABLE account ADD COLUMN totp_old_counter BIGINT NOT NULL DEFAULT 0;
-- JSON lists: passkeys (public keys) and recovery codes (sealed hashes).
ALTER TABLE account ADD COLUMN passkeys TEXT NOT NULL DEFAULT '[]';
ALTER TABLE account ADD COLUMN recovery_codes TEXT NOT NULL DEFAULT '[]';

-- The devices that the first administrator has acted on during founding.
CREATE TABLE founding_device (
    device_id TEXT PRIMARY KEY,
    at        BIGINT NOT NULL
);

-- A question put to an authenticator. It is good once, for one purpose and one
-- subject; the challenge never leaves the server but inside the question.
CREATE TABLE ceremony (
    hash       BYTEA PRIMARY KEY, -- of the random name that the client holds
    purpose    TEXT   NOT NULL,
    account_id TEXT   NOT NULL DEFAULT '', -- empty: sign-in without a user name
    session_id TEXT   NOT NULL DEFAULT '',
    subject    TEXT   NOT NULL DEFAULT '',
    state      BYTEA   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX ceremony_expires ON ceremony (expires_at);
