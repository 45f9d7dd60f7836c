-- The schema that all migrations together make. Written by the test; do not edit.

CREATE TABLE access_point (
    bssid text NOT NULL,
    name text NOT NULL DEFAULT ''::text,
    place_id text NOT NULL,
    updated_at bigint NOT NULL,
    CONSTRAINT access_point_pkey PRIMARY KEY (bssid),
    CONSTRAINT access_point_place_id_fkey FOREIGN KEY (place_id) REFERENCES place(id)
);

CREATE TABLE account (
    id text NOT NULL,
    username text NOT NULL,
    name text NOT NULL,
    roles text NOT NULL,
    scope text NOT NULL,
    disabled boolean NOT NULL DEFAULT false,
    founder boolean NOT NULL DEFAULT false,
    is_admin boolean NOT NULL,
    is_approver boolean NOT NULL,
    password text NOT NULL DEFAULT ''::text,
    totp bytea,
    totp_pending bytea,
    totp_counter bigint NOT NULL DEFAULT 0,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    last_sign_in_at bigint NOT NULL DEFAULT 0,
    version integer NOT NULL DEFAULT 1,
    cooling text NOT NULL DEFAULT '[]'::text,
    approver_from bigint NOT NULL DEFAULT 0,
    totp_good_from bigint NOT NULL DEFAULT 0,
    totp_old bytea,
    totp_old_counter bigint NOT NULL DEFAULT 0,
    passkeys text NOT NULL DEFAULT '[]'::text,
    recovery_codes text NOT NULL DEFAULT '[]'::text,
    row_n bigint NOT NULL DEFAULT 0,
    row_link text NOT NULL DEFAULT ''::text,
    row_mac bytea,
    CONSTRAINT account_pkey PRIMARY KEY (id),
    CONSTRAINT account_username_key UNIQUE (username)
);

CREATE TABLE account_change (
    id text NOT NULL,
    account_id text NOT NULL,
    based_on integer NOT NULL,
    change text NOT NULL,
    asked_by text NOT NULL,
    asked_in text NOT NULL,
    asked_name text NOT NULL,
    state text NOT NULL,
    decided_by text NOT NULL DEFAULT ''::text,
    decided_name text NOT NULL DEFAULT ''::text,
    why text NOT NULL DEFAULT ''::text,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    decided_at bigint NOT NULL DEFAULT 0,
    row_n bigint NOT NULL DEFAULT 0,
    row_link text NOT NULL DEFAULT ''::text,
    row_mac bytea,
    CONSTRAINT account_change_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id),
    CONSTRAINT account_change_asked_by_fkey FOREIGN KEY (asked_by) REFERENCES account(id),
    CONSTRAINT account_change_pkey PRIMARY KEY (id)
);

CREATE TABLE alert (
    id text NOT NULL,
    rule text NOT NULL,
    key text NOT NULL,
    device_id text NOT NULL DEFAULT ''::text,
    command_id text NOT NULL DEFAULT ''::text,
    account_id text NOT NULL DEFAULT ''::text,
    subject text NOT NULL DEFAULT ''::text,
    place_id text NOT NULL DEFAULT ''::text,
    site_id text NOT NULL DEFAULT ''::text,
    class text NOT NULL DEFAULT ''::text,
    facts text NOT NULL,
    raised_at bigint NOT NULL,
    times integer NOT NULL,
    last_at bigint NOT NULL,
    acknowledged_at bigint NOT NULL DEFAULT 0,
    acknowledged_by text NOT NULL DEFAULT ''::text,
    note text NOT NULL DEFAULT ''::text,
    cleared_at bigint NOT NULL DEFAULT 0,
    is_open boolean NOT NULL,
    active boolean NOT NULL,
    addressed boolean NOT NULL,
    CONSTRAINT alert_pkey PRIMARY KEY (id)
);

CREATE TABLE alert_change (
    id text NOT NULL,
    rule text NOT NULL,
    next text NOT NULL,
    based_on integer NOT NULL,
    reason text NOT NULL,
    asked_by text NOT NULL,
    asked_at bigint NOT NULL,
    ended_at bigint NOT NULL DEFAULT 0,
    ended_by text NOT NULL DEFAULT ''::text,
    agreed boolean NOT NULL DEFAULT false,
    CONSTRAINT alert_change_pkey PRIMARY KEY (id)
);

CREATE TABLE alert_delivery (
    id text NOT NULL,
    alert_id text NOT NULL,
    channel text NOT NULL,
    target text NOT NULL,
    account_id text NOT NULL DEFAULT ''::text,
    language text NOT NULL DEFAULT ''::text,
    state text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    due_at bigint NOT NULL,
    claimed_until bigint NOT NULL DEFAULT 0,
    created_at bigint NOT NULL,
    ended_at bigint NOT NULL DEFAULT 0,
    last_error text NOT NULL DEFAULT ''::text,
    CONSTRAINT alert_delivery_alert_id_fkey FOREIGN KEY (alert_id) REFERENCES alert(id),
    CONSTRAINT alert_delivery_pkey PRIMARY KEY (id)
);

CREATE TABLE alert_setting (
    rule text NOT NULL,
    setting text NOT NULL,
    version integer NOT NULL,
    updated_at bigint NOT NULL,
    updated_by text NOT NULL,
    CONSTRAINT alert_setting_pkey PRIMARY KEY (rule)
);

CREATE TABLE api_token (
    id text NOT NULL,
    account_id text NOT NULL,
    name text NOT NULL,
    scope text NOT NULL,
    hash bytea NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    last_used_at bigint NOT NULL DEFAULT 0,
    revoked_at bigint NOT NULL DEFAULT 0,
    row_n bigint NOT NULL DEFAULT 0,
    row_link text NOT NULL DEFAULT ''::text,
    row_mac bytea,
    CONSTRAINT api_token_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id),
    CONSTRAINT api_token_hash_key UNIQUE (hash),
    CONSTRAINT api_token_pkey PRIMARY KEY (id)
);

CREATE TABLE audit_event (
    id text NOT NULL,
    link_id text NOT NULL,
    ordinal integer NOT NULL,
    at bigint NOT NULL,
    action text NOT NULL,
    actor_kind text NOT NULL,
    actor_id text NOT NULL,
    device_id text NOT NULL,
    enrollment_id text NOT NULL,
    command_id text NOT NULL,
    subject text NOT NULL,
    body bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_event_link_id_fkey FOREIGN KEY (link_id) REFERENCES audit_link(id),
    CONSTRAINT audit_event_link_id_ordinal_key UNIQUE (link_id, ordinal),
    CONSTRAINT audit_event_pkey PRIMARY KEY (id)
);

CREATE TABLE audit_head (
    id integer NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_head_id_check CHECK ((id = 1)),
    CONSTRAINT audit_head_pkey PRIMARY KEY (id)
);

CREATE TABLE audit_link (
    id text NOT NULL,
    n integer NOT NULL,
    content bytea NOT NULL,
    seq bigint,
    hash bytea,
    CONSTRAINT audit_link_pkey PRIMARY KEY (id),
    CONSTRAINT audit_link_seq_key UNIQUE (seq)
);

CREATE TABLE audit_signed_head (
    slot bigint NOT NULL,
    epoch integer NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    at bigint NOT NULL,
    jws text NOT NULL,
    CONSTRAINT audit_signed_head_pkey PRIMARY KEY (slot)
);

CREATE TABLE backup_report (
    id text NOT NULL,
    what text NOT NULL,
    made_at bigint NOT NULL,
    reported_at bigint NOT NULL,
    reported_by text NOT NULL,
    CONSTRAINT backup_report_pkey PRIMARY KEY (id)
);

CREATE TABLE badge (
    account_id text NOT NULL,
    digest bytea NOT NULL,
    set_at bigint NOT NULL,
    CONSTRAINT badge_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id),
    CONSTRAINT badge_digest_key UNIQUE (digest),
    CONSTRAINT badge_pkey PRIMARY KEY (account_id)
);

CREATE TABLE break_glass (
    command_id text NOT NULL,
    device_id text NOT NULL,
    serial text NOT NULL,
    class text NOT NULL,
    clinician text NOT NULL,
    quarantine text NOT NULL,
    reason text NOT NULL,
    asked_by text NOT NULL,
    asked_at bigint NOT NULL,
    agreed_by text NOT NULL,
    begun_at bigint NOT NULL,
    therapy text NOT NULL,
    age_us bigint NOT NULL,
    reviewed_by text NOT NULL DEFAULT ''::text,
    reviewed_at bigint NOT NULL DEFAULT 0,
    justified boolean NOT NULL DEFAULT false,
    note text NOT NULL DEFAULT ''::text,
    CONSTRAINT break_glass_device_id_fkey FOREIGN KEY (device_id) REFERENCES device(id),
    CONSTRAINT break_glass_pkey PRIMARY KEY (command_id)
);

CREATE TABLE ceremony (
    hash bytea NOT NULL,
    purpose text NOT NULL,
    account_id text NOT NULL DEFAULT ''::text,
    session_id text NOT NULL DEFAULT ''::text,
    subject text NOT NULL DEFAULT ''::text,
    state bytea NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    CONSTRAINT ceremony_pkey PRIMARY KEY (hash)
);

CREATE TABLE certificate (
    serial text NOT NULL,
    purpose text NOT NULL,
    subject text NOT NULL,
    device_id text NOT NULL DEFAULT ''::text,
    enrollment_id text NOT NULL DEFAULT ''::text,
    class text NOT NULL DEFAULT ''::text,
    maker_serial text NOT NULL DEFAULT ''::text,
    key_hash text NOT NULL DEFAULT ''::text,
    fingerprint text NOT NULL DEFAULT ''::text,
    der bytea,
    not_before bigint NOT NULL,
    not_after bigint NOT NULL,
    recorded_at bigint NOT NULL,
    issued_at bigint NOT NULL DEFAULT 0,
    first_used_at bigint NOT NULL DEFAULT 0,
    superseded_at bigint NOT NULL DEFAULT 0,
    revocation text NOT NULL DEFAULT ''::text,
    reason integer NOT NULL DEFAULT 0,
    revoked_at bigint NOT NULL DEFAULT 0,
    change bigint NOT NULL DEFAULT 0,
    CONSTRAINT certificate_pkey PRIMARY KEY (serial)
);

CREATE TABLE challenge (
    hash text NOT NULL,
    invitation_id text NOT NULL,
    serial text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint NOT NULL DEFAULT 0,
    CONSTRAINT challenge_invitation_id_fkey FOREIGN KEY (invitation_id) REFERENCES invitation(id),
    CONSTRAINT challenge_pkey PRIMARY KEY (hash)
);

CREATE TABLE check_in_hour (
    hour bigint NOT NULL,
    site_id text NOT NULL,
    class text NOT NULL,
    devices integer NOT NULL,
    CONSTRAINT check_in_hour_pkey PRIMARY KEY (hour, site_id, class)
);

CREATE TABLE command (
    id text NOT NULL,
    batch_id text NOT NULL,
    ring integer NOT NULL,
    device_id text NOT NULL,
    enrollment_id text NOT NULL,
    class text NOT NULL,
    kind text NOT NULL,
    subkind text NOT NULL,
    args text NOT NULL,
    reason text NOT NULL,
    ticket text NOT NULL,
    requester text NOT NULL,
    requester_id text NOT NULL,
    state text NOT NULL,
    state_reason text NOT NULL,
    unconfirmed boolean NOT NULL,
    staged boolean NOT NULL,
    outcome text NOT NULL,
    hold_until_idle boolean NOT NULL,
    order_bytes bytea NOT NULL,
    order_hash text NOT NULL,
    weight text NOT NULL,
    second_person boolean NOT NULL,
    approvals text NOT NULL,
    asked_class text NOT NULL,
    asked_custody text NOT NULL,
    asked_place text NOT NULL,
    attempt integer NOT NULL,
    refusals integer NOT NULL,
    postponed integer NOT NULL,
    moves integer NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    not_before bigint NOT NULL,
    due_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    keep_while_lost boolean NOT NULL,
    delivered_at bigint NOT NULL,
    accepted_at bigint NOT NULL,
    ended_at bigint NOT NULL,
    receipt text NOT NULL,
    receipt_valid boolean NOT NULL,
    detail text NOT NULL,
    person text NOT NULL DEFAULT ''::text,
    site_id text NOT NULL DEFAULT ''::text,
    asked_lost boolean NOT NULL DEFAULT false,
    counts boolean NOT NULL DEFAULT false,
    reserved boolean NOT NULL DEFAULT false,
    approved boolean NOT NULL DEFAULT false,
    released_at bigint NOT NULL DEFAULT 0,
    row_n bigint NOT NULL DEFAULT 0,
    row_link text NOT NULL DEFAULT ''::text,
    row_mac bytea,
    CONSTRAINT command_device_id_fkey FOREIGN KEY (device_id) REFERENCES device(id),
    CONSTRAINT command_pkey PRIMARY KEY (id)
);

CREATE TABLE command_batch (
    id text NOT NULL,
    kind text NOT NULL,
    subkind text NOT NULL,
    reason text NOT NULL,
    ticket text NOT NULL,
    requester text NOT NULL,
    weight text NOT NULL,
    created_at bigint NOT NULL,
    not_before bigint NOT NULL,
    rings integer NOT NULL,
    open_ring integer NOT NULL,
    ring_opened_at bigint NOT NULL,
    stopped_at bigint NOT NULL DEFAULT 0,
    stop_reason text NOT NULL DEFAULT ''::text,
    orders_hash text NOT NULL,
    CONSTRAINT command_batch_pkey PRIMARY KEY (id)
);

CREATE TABLE command_batch_refusal (
    batch_id text NOT NULL,
    device_id text NOT NULL,
    code text NOT NULL,
    sentence text NOT NULL,
    CONSTRAINT command_batch_refusal_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES command_batch(id),
    CONSTRAINT command_batch_refusal_pkey PRIMARY KEY (batch_id, device_id)
);

CREATE TABLE command_question (
    command_id text NOT NULL,
    device_id text NOT NULL,
    at bigint NOT NULL,
    text text NOT NULL,
    answered_at bigint NOT NULL DEFAULT 0,
    answered_by text NOT NULL DEFAULT ''::text,
    CONSTRAINT command_question_command_id_fkey FOREIGN KEY (command_id) REFERENCES command(id),
    CONSTRAINT command_question_device_id_fkey FOREIGN KEY (device_id) REFERENCES device(id),
    CONSTRAINT command_question_pkey PRIMARY KEY (command_id)
);

CREATE TABLE command_receipt (
    command_id text NOT NULL,
    n integer NOT NULL,
    at bigint NOT NULL,
    status text NOT NULL,
    fingerprint text NOT NULL,
    receipt text NOT NULL,
    valid boolean NOT NULL,
    CONSTRAINT command_receipt_command_id_fkey FOREIGN KEY (command_id) REFERENCES command(id),
    CONSTRAINT command_receipt_pkey PRIMARY KEY (command_id, n)
);

CREATE TABLE command_transition (
    command_id text NOT NULL,
    n integer NOT NULL,
    at bigint NOT NULL,
    from_state text NOT NULL,
    to_state text NOT NULL,
    step text NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL,
    attempt integer NOT NULL,
    safety_state text NOT NULL,
    state_age_us bigint NOT NULL,
    matrix_version text NOT NULL,
    CONSTRAINT command_transition_command_id_fkey FOREIGN KEY (command_id) REFERENCES command(id),
    CONSTRAINT command_transition_pkey PRIMARY KEY (command_id, n)
);

CREATE TABLE config_assignment (
    id text NOT NULL,
    document_id text NOT NULL,
    subkind text NOT NULL,
    class text NOT NULL DEFAULT ''::text,
    model_id text NOT NULL DEFAULT ''::text,
    place_id text NOT NULL DEFAULT ''::text,
    tag text NOT NULL DEFAULT ''::text,
    ownership text NOT NULL DEFAULT ''::text,
    created_at bigint NOT NULL,
    created_by text NOT NULL,
    row_n bigint NOT NULL DEFAULT 0,
    row_link text NOT NULL DEFAULT ''::text,
    row_mac bytea,
    CONSTRAINT config_assignment_document_id_fkey FOREIGN KEY (document_id) REFERENCES config_document(id),
    CONSTRAINT config_assignment_pkey PRIMARY KEY (id),
    CONSTRAINT config_assignment_subkind_class_model_id_place_id_tag_owner_key UNIQUE (subkind, class, model_id, place_id, tag, ownership)
);

CREATE TABLE config_document (
    id text NOT NULL,
    subkind text NOT NULL,
    name text NOT NULL,
    name_norm text NOT NULL,
    version integer NOT NULL,
    retired boolean NOT NULL DEFAULT false,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    CONSTRAINT config_document_pkey PRIMARY KEY (id),
    CONSTRAINT config_document_subkind_name_norm_key UNIQUE (subkind, name_norm)
);

CREATE TABLE config_pending (
    device_id text NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT config_pending_device_id_fkey FOREIGN KEY (device_id) REFERENCES device(id),
    CONSTRAINT config_pending_pkey PRIMARY KEY (device_id)
);

CREATE TABLE config_state (
    device_id text NOT NULL,
    subkind text NOT NULL,
    document_id text NOT NULL DEFAULT ''::text,
    version integer NOT NULL DEFAULT 0,
    number integer NOT NULL DEFAULT 0,
    assignment_id text NOT NULL DEFAULT ''::text,
    why text NOT NULL DEFAULT ''::text,
    since bigint NOT NULL DEFAULT 0,
    reported text NOT NULL DEFAULT ''::text,
    reported_at bigint NOT NULL DEFAULT 0,
    drift boolean NOT NULL DEFAULT false,
    next_at bigint NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    asked_at bigint NOT NULL DEFAULT 0,
    command_id text NOT NULL DEFAULT ''::text,
    refusal text NOT NULL DEFAULT ''::text,
    CONSTRAINT config_state_device_id_fkey FOREIGN KEY (device_id) REFERENCES device(id),
    CONSTRAINT config_state_pkey PRIMARY KEY (device_id, subkind)
);

CREATE TABLE config_version (
    document_id text NOT NULL,
    version integer NOT NULL,
    number integer NOT NULL,
    content text NOT NULL,
    note text NOT NULL DEFAULT ''::text,
    created_at bigint NOT NULL,
    created_by text NOT NULL,
    row_n bigint NOT NULL DEFAULT 0,
    row_link text NOT NULL DEFAULT ''::text,
    row_mac bytea,
    CONSTRAINT config_version_document_id_fkey FOREIGN KEY (document_id) REFERENCES config_document(id),
    CONSTRAINT config_version_number_key UNIQUE (number),
    CONSTRAINT config_version_pkey PRIMARY KEY (document_id, version)
);

CREATE TABLE crl_state (
    issuer text NOT NULL,
    changes bigint NOT NULL DEFAULT 0,
    number bigint NOT NULL DEFAULT 0,
    covers bigint NOT NULL DEFAULT 0,
    this_update bigint NOT NULL DEFAULT 0,
    next_update bigint NOT NULL DEFAULT 0,
    der bytea,
    CONSTRAINT crl_state_pkey PRIMARY KEY (issuer)
);

CREATE TABLE data_key (
    id integer NOT NULL,
    wrapped bytea NOT NULL,
    wrapped_by text NOT NULL,
    created_at bigint NOT NULL,
    wrapped_at bigint NOT NULL,
    CONSTRAINT data_key_pkey PRIMARY KEY (id)
);

CREATE TABLE delivery (
    id text NOT NULL,
    name text NOT NULL,
    class text NOT NULL,
    model_id text NOT NULL,
    place_id text NOT NULL DEFAULT ''::text,
    open_until bigint NOT NULL DEFAULT 0,
    created_at bigint NOT NULL,
    created_by text NOT NULL,
    CONSTRAINT delivery_pkey PRIMARY KEY (id)
);

CREATE TABLE delivery_import (
    content_hash text NOT NULL,
    at bigint NOT NULL,
    actor text NOT NULL,
    devices integer NOT NULL,
    CONSTRAINT delivery_import_pkey PRIMARY KEY (content_hash)
);

CREATE TABLE device (
    id text NOT NULL,
    class text NOT NULL,
    model_id text NOT NULL,
    serial text NOT NULL,
    serial_norm text NOT NULL,
    management text NOT NULL,
    asset_tag text NOT NULL DEFAULT ''::text,
    asset_tag_norm text NOT NULL DEFAULT ''::text,
    owner text NOT NULL DEFAULT ''::text,
    owner_norm text NOT NULL DEFAULT ''::text,
    place_id text NOT NULL DEFAULT ''::text,
    udi text NOT NULL DEFAULT ''::text,
    udi_di text NOT NULL DEFAULT ''::text,
    lot text NOT NULL DEFAULT ''::text,
    imei text NOT NULL DEFAULT ''::text,
    mac text NOT NULL DEFAULT ''::text,
    stage text NOT NULL,
    condition text NOT NULL,
    custody_kind text NOT NULL,
    custody_which text NOT NULL DEFAULT ''::text,
    enrollment_id text NOT NULL DEFAULT ''::text,
    ever_reported_therapy boolean NOT NULL DEFAULT false,
    search text NOT NULL DEFAULT ''::text,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    version integer NOT NULL DEFAULT 1,
    phone_number text NOT NULL DEFAULT ''::text,
    contact text NOT NULL DEFAULT ''::text,
    CONSTRAINT device_pkey PRIMARY KEY (id),
    CONSTRAINT device_serial_norm_model_id_key UNIQUE (serial_norm, model_id)
);

CREATE TABLE device_change (
    id text NOT NULL,
    device_id text NOT NULL,
    at bigint NOT NULL,
    what text NOT NULL,
    was text NOT NULL,
    became text NOT NULL,
    CONSTRAINT device_change_device_id_fkey FOREIGN KEY (device_id) REFERENCES device(id),
    CONSTRAINT device_change_pkey PRIMARY KEY (id)
);

CREATE TABLE device_fix (
    id text NOT NULL,
    device_id text NOT NULL,
    at bigint NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    accuracy_m double precision NOT NULL,
    CONSTRAINT device_fix_device_id_fkey FOREIGN KEY (device_id) REFERENCES device(id),
    CONSTRAINT device_fix_pkey PRIMARY KEY (id)
);

CREATE TABLE device_hold (
    device_id text NOT NULL,
    kind text NOT NULL,
    reason text NOT NULL,
    since bigint NOT NULL,
    may_lift text NOT NULL,
    stolen boolean NOT NULL DEFAULT false,
    proven boolean NOT NULL DEFAULT false,
    CONSTRAINT device_hold_device_id_fkey FOREIGN KEY (device_id) REFERENCES device(id),
    CONSTRAINT device_hold_pkey PRIMARY KEY (device_id, kind)
);

CREATE TABLE device_report (
    device_id text NOT NULL,
    received_at bigint NOT NULL DEFAULT 0,
    therapy text NOT NULL DEFAULT ''::text,
    therapy_age_us bigint NOT NULL DEFAULT 0,
    therapy_at bigint NOT NULL DEFAULT 0,
    battery_percent integer NOT NULL DEFAULT '-1'::integer,
    charging boolean NOT NULL DEFAULT false,
    ssid text NOT NULL DEFAULT ''::text,
    bssid text NOT NULL DEFAULT ''::text,
    rssi_dbm integer NOT NULL DEFAULT 0,
    ip text NOT NULL DEFAULT ''::text,
    storage_encrypted boolean,
    passcode_set boolean,
    location text NOT NULL DEFAULT ''::text,
    seen_place_id text NOT NULL DEFAULT ''::text,
    software_version text NOT NULL DEFAULT ''::text,
    firmware_version text NOT NULL DEFAULT ''::text,
    os_version text NOT NULL DEFAULT ''::text,
    agent_version text NOT NULL DEFAULT ''::text,
    clock_offset_us bigint NOT NULL DEFAULT 0,
    config_versions text NOT NULL DEFAULT '{}'::text,
    locked boolean NOT NULL DEFAULT false,
    lost_mode boolean NOT NULL DEFAULT false,
    inventory_hash text NOT NULL DEFAULT ''::text,
    inventory text NOT NULL DEFAULT '{}'::text,
    CONSTRAINT device_report_device_id_fkey FOREIGN KEY (device_id) REFERENCES device(id),
    CONSTRAINT device_report_pkey PRIMARY KEY (device_id)
);

CREATE TABLE device_sanitisation (
    id text NOT NULL,
    device_id text NOT NULL,
    at bigint NOT NULL,
    actor text NOT NULL,
    witness text NOT NULL,
    method text NOT NULL,
    steps text NOT NULL DEFAULT '[]'::text,
    CONSTRAINT device_sanitisation_device_id_fkey FOREIGN KEY (device_id) REFERENCES device(id),
    CONSTRAINT device_sanitisation_pkey PRIMARY KEY (id)
);

CREATE TABLE device_sighting (
    id text NOT NULL,
    device_id text NOT NULL,
    place_id text NOT NULL,
    first_at bigint NOT NULL,
    last_at bigint NOT NULL,
    CONSTRAINT device_sighting_device_id_fkey FOREIGN KEY (device_id) REFERENCES device(id),
    CONSTRAINT device_sighting_pkey PRIMARY KEY (id)
);

CREATE TABLE device_tag (
    device_id text NOT NULL,
    tag text NOT NULL,
    CONSTRAINT device_tag_device_id_fkey FOREIGN KEY (device_id) REFERENCES device(id),
    CONSTRAINT device_tag_pkey PRIMARY KEY (device_id, tag)
);

CREATE TABLE enrollment (
    id text NOT NULL,
    device_id text NOT NULL,
    epoch integer NOT NULL,
    class text NOT NULL,
    model_id text NOT NULL,
    serial text NOT NULL,
    invitation_id text NOT NULL DEFAULT ''::text,
    state text NOT NULL,
    created_at bigint NOT NULL,
    completed_at bigint NOT NULL DEFAULT 0,
    ended_at bigint NOT NULL DEFAULT 0,
    ended_why text NOT NULL DEFAULT ''::text,
    CONSTRAINT enrollment_device_id_epoch_key UNIQUE (device_id, epoch),
    CONSTRAINT enrollment_device_id_fkey FOREIGN KEY (device_id) REFERENCES device(id),
    CONSTRAINT enrollment_pkey PRIMARY KEY (id)
);

CREATE TABLE epoch (
    number integer NOT NULL,
    began_at bigint NOT NULL,
    why text NOT NULL,
    lost text NOT NULL,
    freeze_id text NOT NULL,
    row_n bigint NOT NULL DEFAULT 0,
    row_link text NOT NULL DEFAULT ''::text,
    row_mac bytea,
    CONSTRAINT epoch_pkey PRIMARY KEY (number)
);

CREATE TABLE founding (
    id integer NOT NULL,
    account_id text NOT NULL,
    at bigint NOT NULL,
    ended_at bigint NOT NULL DEFAULT 0,
    row_n bigint NOT NULL DEFAULT 0,
    row_link text NOT NULL DEFAULT ''::text,
    row_mac bytea,
    CONSTRAINT founding_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id),
    CONSTRAINT founding_id_check CHECK ((id = 1)),
    CONSTRAINT founding_pkey PRIMARY KEY (id)
);

CREATE TABLE founding_device (
    device_id text NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT founding_device_pkey PRIMARY KEY (device_id)
);

CREATE TABLE guard_freeze (
    id text NOT NULL,
    scope text NOT NULL,
    scope_id text NOT NULL,
    cause text NOT NULL,
    reason text NOT NULL,
    set_by text NOT NULL,
    caused_by text NOT NULL,
    set_at bigint NOT NULL,
    already_left text NOT NULL,
    lift_by text NOT NULL DEFAULT ''::text,
    lift_roles text NOT NULL DEFAULT '[]'::text,
    lift_reason text NOT NULL DEFAULT ''::text,
    lift_asked_at bigint NOT NULL DEFAULT 0,
    lifted_by text NOT NULL DEFAULT ''::text,
    lifted_at bigint NOT NULL DEFAULT 0,
    row_n bigint NOT NULL DEFAULT 0,
    row_link text NOT NULL DEFAULT ''::text,
    row_mac bytea,
    CONSTRAINT guard_freeze_pkey PRIMARY KEY (id)
);

CREATE TABLE guard_state (
    id integer NOT NULL,
    at bigint NOT NULL,
    skew bigint NOT NULL,
    jumps integer NOT NULL,
    CONSTRAINT guard_state_id_check CHECK ((id = 1)),
    CONSTRAINT guard_state_pkey PRIMARY KEY (id)
);

CREATE TABLE handheld_code (
    account_id text NOT NULL,
    digest bytea NOT NULL,
    expires_at bigint NOT NULL,
    CONSTRAINT handheld_code_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id),
    CONSTRAINT handheld_code_digest_key UNIQUE (digest),
    CONSTRAINT handheld_code_pkey PRIMARY KEY (account_id)
);

CREATE TABLE handheld_settings (
    id bigint NOT NULL,
    shift_minutes bigint NOT NULL,
    remind_minutes bigint NOT NULL,
    grace_minutes bigint NOT NULL,
    clear boolean NOT NULL,
    updated_at bigint NOT NULL,
    updated_by text NOT NULL,
    CONSTRAINT handheld_settings_id_check CHECK ((id = 1)),
    CONSTRAINT handheld_settings_pkey PRIMARY KEY (id)
);

CREATE TABLE handheld_use (
    id text NOT NULL,
    device_id text NOT NULL,
    ward_id text NOT NULL,
    account_id text NOT NULL,
    username text NOT NULL,
    name text NOT NULL,
    via text NOT NULL,
    taken_at bigint NOT NULL,
    due_at bigint NOT NULL,
    ended_at bigint NOT NULL,
    ending text NOT NULL,
    reminded_at bigint NOT NULL,
    locked_at bigint NOT NULL,
    released_at bigint NOT NULL,
    clear_asked_at bigint NOT NULL,
    cleared_at bigint NOT NULL,
    disputed_at bigint NOT NULL,
    note text NOT NULL,
    next_at bigint NOT NULL,
    CONSTRAINT handheld_use_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id),
    CONSTRAINT handheld_use_device_id_fkey FOREIGN KEY (device_id) REFERENCES device(id),
    CONSTRAINT handheld_use_pkey PRIMARY KEY (id)
);

CREATE TABLE host_code (
    id text NOT NULL,
    sealed bytea NOT NULL,
    created_at bigint NOT NULL,
    used_at bigint NOT NULL DEFAULT 0,
    CONSTRAINT host_code_pkey PRIMARY KEY (id)
);

CREATE TABLE host_recovery (
    id text NOT NULL,
    account_id text NOT NULL,
    state text NOT NULL,
    created_at bigint NOT NULL,
    ready_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    row_n bigint NOT NULL DEFAULT 0,
    row_link text NOT NULL DEFAULT ''::text,
    row_mac bytea,
    CONSTRAINT host_recovery_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id),
    CONSTRAINT host_recovery_pkey PRIMARY KEY (id)
);

CREATE TABLE idempotency (
    principal text NOT NULL,
    key text NOT NULL,
    hash text NOT NULL,
    resource text NOT NULL,
    request_id text NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT idempotency_pkey PRIMARY KEY (principal, key)
);

CREATE TABLE invitation (
    id text NOT NULL,
    invited text NOT NULL,
    code_hash text NOT NULL,
    class text NOT NULL,
    model_id text NOT NULL,
    serial text NOT NULL DEFAULT ''::text,
    serial_norm text NOT NULL DEFAULT ''::text,
    delivery_id text NOT NULL DEFAULT ''::text,
    place_id text NOT NULL DEFAULT ''::text,
    owner text NOT NULL DEFAULT ''::text,
    management text NOT NULL,
    created_at bigint NOT NULL,
    created_by text NOT NULL,
    expires_at bigint NOT NULL,
    cancelled_at bigint NOT NULL DEFAULT 0,
    tries integer NOT NULL DEFAULT 0,
    used_at bigint NOT NULL DEFAULT 0,
    enrollment_id text NOT NULL DEFAULT ''::text,
    row_n bigint NOT NULL DEFAULT 0,
    row_link text NOT NULL DEFAULT ''::text,
    row_mac bytea,
    CONSTRAINT invitation_code_hash_key UNIQUE (code_hash),
    CONSTRAINT invitation_pkey PRIMARY KEY (id)
);

CREATE TABLE issuer (
    role text NOT NULL,
    generation integer NOT NULL,
    certificate bytea NOT NULL,
    sealed_key bytea NOT NULL,
    created_at bigint NOT NULL,
    CONSTRAINT issuer_pkey PRIMARY KEY (role, generation)
);

CREATE TABLE limit_change (
    id text NOT NULL,
    rule text NOT NULL,
    number_was integer NOT NULL,
    number integer NOT NULL,
    reason text NOT NULL,
    asked_by text NOT NULL,
    asked_at bigint NOT NULL,
    approved_by text NOT NULL DEFAULT ''::text,
    approved_at bigint NOT NULL DEFAULT 0,
    effective_at bigint NOT NULL DEFAULT 0,
    ended_at bigint NOT NULL DEFAULT 0,
    ended_why text NOT NULL DEFAULT ''::text,
    row_n bigint NOT NULL DEFAULT 0,
    row_link text NOT NULL DEFAULT ''::text,
    row_mac bytea,
    CONSTRAINT limit_change_pkey PRIMARY KEY (id)
);

CREATE TABLE loss_code (
    account_id text NOT NULL,
    sealed bytea NOT NULL,
    expires_at bigint NOT NULL,
    CONSTRAINT loss_code_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id),
    CONSTRAINT loss_code_pkey PRIMARY KEY (account_id)
);

CREATE TABLE mail_address (
    account_id text NOT NULL,
    address text NOT NULL,
    language text NOT NULL,
    updated_at bigint NOT NULL,
    CONSTRAINT mail_address_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id),
    CONSTRAINT mail_address_pkey PRIMARY KEY (account_id)
);

CREATE TABLE model (
    id text NOT NULL,
    maker text NOT NULL,
    name text NOT NULL,
    name_norm text NOT NULL,
    class text NOT NULL,
    capabilities text NOT NULL DEFAULT '[]'::text,
    wipe_erases text NOT NULL DEFAULT ''::text,
    wipe_keeps text NOT NULL DEFAULT ''::text,
    sanitisation text NOT NULL DEFAULT '[]'::text,
    network_cut text NOT NULL DEFAULT 'unknown'::text,
    network_cut_source text NOT NULL DEFAULT ''::text,
    legacy_scep boolean NOT NULL DEFAULT false,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT model_name_norm_key UNIQUE (name_norm),
    CONSTRAINT model_pkey PRIMARY KEY (id)
);

CREATE TABLE packing_list (
    delivery_id text NOT NULL,
    serial_norm text NOT NULL,
    serial text NOT NULL,
    used_at bigint NOT NULL DEFAULT 0,
    enrollment_id text NOT NULL DEFAULT ''::text,
    CONSTRAINT packing_list_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES delivery(id),
    CONSTRAINT packing_list_pkey PRIMARY KEY (delivery_id, serial_norm)
);

CREATE TABLE place (
    id text NOT NULL,
    parent_id text NOT NULL DEFAULT ''::text,
    kind text NOT NULL,
    name text NOT NULL,
    name_norm text NOT NULL,
    care_area boolean NOT NULL DEFAULT false,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT place_parent_id_name_norm_key UNIQUE (parent_id, name_norm),
    CONSTRAINT place_pkey PRIMARY KEY (id)
);

CREATE TABLE scep_transaction (
    id text NOT NULL,
    transaction_id text NOT NULL,
    signer text NOT NULL,
    csr_hash text NOT NULL,
    csr bytea NOT NULL,
    key_hash text NOT NULL,
    renewal boolean NOT NULL,
    invitation_id text NOT NULL DEFAULT ''::text,
    old_serial text NOT NULL DEFAULT ''::text,
    maker_serial text NOT NULL,
    device_id text NOT NULL DEFAULT ''::text,
    enrollment_id text NOT NULL DEFAULT ''::text,
    certificate text NOT NULL DEFAULT ''::text,
    state text NOT NULL,
    reasons text NOT NULL DEFAULT '[]'::text,
    remote text NOT NULL DEFAULT ''::text,
    created_at bigint NOT NULL,
    decided_at bigint NOT NULL DEFAULT 0,
    decided_by text NOT NULL DEFAULT ''::text,
    decided_why text NOT NULL DEFAULT ''::text,
    CONSTRAINT scep_transaction_pkey PRIMARY KEY (id),
    CONSTRAINT scep_transaction_transaction_id_signer_key UNIQUE (transaction_id, signer)
);

CREATE TABLE session (
    id text NOT NULL,
    account_id text NOT NULL,
    audience text NOT NULL,
    factor text NOT NULL,
    source text NOT NULL,
    user_agent text NOT NULL,
    created_at bigint NOT NULL,
    refresh_at bigint NOT NULL,
    idle_until bigint NOT NULL,
    expires_at bigint NOT NULL,
    ended_at bigint NOT NULL DEFAULT 0,
    end_reason text NOT NULL DEFAULT ''::text,
    generation integer NOT NULL DEFAULT 0,
    row_n bigint NOT NULL DEFAULT 0,
    row_link text NOT NULL DEFAULT ''::text,
    row_mac bytea,
    acted_on text NOT NULL DEFAULT ''::text,
    CONSTRAINT session_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id),
    CONSTRAINT session_pkey PRIMARY KEY (id)
);

CREATE TABLE session_refresh (
    hash bytea NOT NULL,
    session_id text NOT NULL,
    used_at bigint NOT NULL DEFAULT 0,
    row_n bigint NOT NULL DEFAULT 0,
    row_link text NOT NULL DEFAULT ''::text,
    row_mac bytea,
    CONSTRAINT session_refresh_pkey PRIMARY KEY (hash),
    CONSTRAINT session_refresh_session_id_fkey FOREIGN KEY (session_id) REFERENCES session(id) ON DELETE CASCADE
);

CREATE TABLE setup_link (
    hash bytea NOT NULL,
    account_id text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    row_n bigint NOT NULL DEFAULT 0,
    row_link text NOT NULL DEFAULT ''::text,
    row_mac bytea,
    CONSTRAINT setup_link_account_id_key UNIQUE (account_id),
    CONSTRAINT setup_link_pkey PRIMARY KEY (hash)
);

CREATE TABLE signing_key (
    id text NOT NULL,
    replaces text NOT NULL,
    sealed bytea NOT NULL,
    created_at bigint NOT NULL,
    CONSTRAINT signing_key_pkey PRIMARY KEY (id),
    CONSTRAINT signing_key_replaces_key UNIQUE (replaces)
);

CREATE TABLE station (
    id text NOT NULL,
    ward_id text NOT NULL,
    name text NOT NULL,
    secret bytea,
    code bytea,
    code_expires_at bigint NOT NULL,
    created_at bigint NOT NULL,
    created_by text NOT NULL,
    paired_at bigint NOT NULL,
    seen_at bigint NOT NULL,
    ended_at bigint NOT NULL,
    CONSTRAINT station_code_key UNIQUE (code),
    CONSTRAINT station_pkey PRIMARY KEY (id),
    CONSTRAINT station_secret_key UNIQUE (secret)
);

CREATE TABLE step_up (
    id text NOT NULL,
    code bytea NOT NULL,
    account_id text NOT NULL,
    session_id text NOT NULL,
    device_id text NOT NULL DEFAULT ''::text,
    batch text NOT NULL DEFAULT ''::text,
    kind text NOT NULL DEFAULT ''::text,
    reason text NOT NULL DEFAULT ''::text,
    summary text NOT NULL DEFAULT ''::text,
    state text NOT NULL,
    created_at bigint NOT NULL,
    confirmed_at bigint NOT NULL DEFAULT 0,
    expires_at bigint NOT NULL,
    factor text NOT NULL DEFAULT ''::text,
    row_n bigint NOT NULL DEFAULT 0,
    row_link text NOT NULL DEFAULT ''::text,
    row_mac bytea,
    CONSTRAINT step_up_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id),
    CONSTRAINT step_up_code_key UNIQUE (code),
    CONSTRAINT step_up_pkey PRIMARY KEY (id),
    CONSTRAINT step_up_session_id_fkey FOREIGN KEY (session_id) REFERENCES session(id) ON DELETE CASCADE
);

CREATE TABLE throttle (
    key text NOT NULL,
    failures integer NOT NULL,
    since bigint NOT NULL,
    last bigint NOT NULL,
    blocked_until bigint NOT NULL DEFAULT 0,
    CONSTRAINT throttle_pkey PRIMARY KEY (key)
);

CREATE TABLE webhook (
    id text NOT NULL,
    name text NOT NULL,
    url text NOT NULL,
    sealed bytea NOT NULL,
    created_at bigint NOT NULL,
    created_by text NOT NULL,
    CONSTRAINT webhook_name_key UNIQUE (name),
    CONSTRAINT webhook_pkey PRIMARY KEY (id)
);

CREATE INDEX access_point_place ON public.access_point USING btree (place_id);

CREATE INDEX account_admin ON public.account USING btree (id) WHERE is_admin;

CREATE INDEX account_approver ON public.account USING btree (id) WHERE is_approver;

CREATE INDEX account_change_account ON public.account_change USING btree (account_id, created_at);

CREATE INDEX account_change_open ON public.account_change USING btree (created_at) WHERE (state = 'pending'::text);

CREATE UNIQUE INDEX alert_active ON public.alert USING btree (rule, key) WHERE active;

CREATE UNIQUE INDEX alert_change_open ON public.alert_change USING btree (rule) WHERE (ended_at = 0);

CREATE INDEX alert_delivery_alert ON public.alert_delivery USING btree (alert_id);

CREATE INDEX alert_delivery_due ON public.alert_delivery USING btree (due_at) WHERE (state = 'waiting'::text);

CREATE INDEX alert_device ON public.alert USING btree (device_id) WHERE (device_id <> ''::text);

CREATE INDEX alert_listed ON public.alert USING btree (is_open, id);

CREATE INDEX alert_unaddressed ON public.alert USING btree (id) WHERE (NOT addressed);

CREATE INDEX api_token_account ON public.api_token USING btree (account_id, created_at);

CREATE INDEX audit_event_action ON public.audit_event USING btree (action, at, id);

CREATE INDEX audit_event_at ON public.audit_event USING btree (at, id);

CREATE INDEX audit_event_command ON public.audit_event USING btree (command_id, at, id) WHERE (command_id <> ''::text);

CREATE INDEX audit_event_device ON public.audit_event USING btree (device_id, at, id) WHERE (device_id <> ''::text);

CREATE INDEX backup_report_newest ON public.backup_report USING btree (made_at);

CREATE INDEX break_glass_waiting ON public.break_glass USING btree (begun_at) WHERE (reviewed_at = 0);

CREATE INDEX ceremony_expires ON public.ceremony USING btree (expires_at);

CREATE INDEX certificate_change ON public.certificate USING btree (change) WHERE (change > 0);

CREATE INDEX certificate_end ON public.certificate USING btree (device_id, enrollment_id, not_after) WHERE ((fingerprint <> ''::text) AND (superseded_at = 0) AND (revocation <> 'revoked'::text));

CREATE UNIQUE INDEX certificate_fingerprint ON public.certificate USING btree (fingerprint) WHERE (fingerprint <> ''::text);

CREATE INDEX certificate_key ON public.certificate USING btree (key_hash);

CREATE INDEX certificate_of_device ON public.certificate USING btree (device_id, enrollment_id);

CREATE INDEX challenge_end ON public.challenge USING btree (expires_at);

CREATE INDEX challenge_of_invitation ON public.challenge USING btree (invitation_id);

CREATE INDEX command_batch_running ON public.command_batch USING btree (id) WHERE ((stopped_at = 0) AND (open_ring < rings));

CREATE INDEX command_by_state ON public.command USING btree (state, id);

CREATE INDEX command_counts ON public.command USING btree (weight, released_at) WHERE (counts AND (released_at > 0));

CREATE INDEX command_counts_open ON public.command USING btree (weight) WHERE (counts AND (state = ANY (ARRAY['queued'::text, 'held'::text])));

CREATE INDEX command_destructive_asked ON public.command USING btree (created_at) WHERE (weight = 'destructive'::text);

CREATE INDEX command_due ON public.command USING btree (enrollment_id, state, staged, due_at) WHERE (due_at > 0);

CREATE INDEX command_expiry ON public.command USING btree (expires_at) WHERE (ended_at = 0);

CREATE INDEX command_of_batch ON public.command USING btree (batch_id, id) WHERE (batch_id <> ''::text);

CREATE INDEX command_of_device ON public.command USING btree (device_id, id);

CREATE INDEX command_of_requester ON public.command USING btree (requester_id, id);

CREATE INDEX command_open ON public.command USING btree (device_id, id) WHERE (ended_at = 0);

CREATE INDEX command_question_of_device ON public.command_question USING btree (device_id, at);

CREATE INDEX command_unconfirmed ON public.command USING btree (accepted_at) WHERE ((state = 'accepted'::text) AND (NOT unconfirmed));

CREATE INDEX command_waiting_ring ON public.command USING btree (batch_id, ring) WHERE ((due_at = 0) AND (ended_at = 0) AND (ring > 1));

CREATE INDEX config_assignment_of_document ON public.config_assignment USING btree (document_id);

CREATE INDEX config_pending_by_at ON public.config_pending USING btree (at, device_id);

CREATE INDEX config_state_drift ON public.config_state USING btree (next_at, device_id) WHERE drift;

CREATE INDEX config_state_of_document ON public.config_state USING btree (document_id, device_id) WHERE (document_id <> ''::text);

CREATE UNIQUE INDEX device_asset_tag_is_unique ON public.device USING btree (asset_tag_norm) WHERE (asset_tag_norm <> ''::text);

CREATE INDEX device_by_asset_tag ON public.device USING btree (asset_tag_norm, id);

CREATE INDEX device_by_class ON public.device USING btree (class, stage, id);

CREATE INDEX device_by_custody ON public.device USING btree (custody_kind, condition, id);

CREATE INDEX device_by_enrollment ON public.device USING btree (enrollment_id) WHERE (enrollment_id <> ''::text);

CREATE INDEX device_by_management ON public.device USING btree (management, id);

CREATE INDEX device_by_model ON public.device USING btree (model_id, id);

CREATE INDEX device_by_owner ON public.device USING btree (owner_norm, id);

CREATE INDEX device_by_place ON public.device USING btree (place_id, id);

CREATE INDEX device_by_serial ON public.device USING btree (serial_norm, id);

CREATE INDEX device_by_stage ON public.device USING btree (stage, id);

CREATE INDEX device_by_updated ON public.device USING btree (updated_at, id);

CREATE INDEX device_change_of_device ON public.device_change USING btree (device_id, at, id);

CREATE INDEX device_fix_by_at ON public.device_fix USING btree (at);

CREATE INDEX device_fix_of_device ON public.device_fix USING btree (device_id, at, id);

CREATE INDEX device_for_numbers ON public.device USING btree (class, management, stage, place_id, ever_reported_therapy);

CREATE INDEX device_hold_by_kind ON public.device_hold USING btree (kind, device_id);

CREATE INDEX device_report_by_last_seen ON public.device_report USING btree (received_at, device_id);

CREATE INDEX device_report_by_seen_place ON public.device_report USING btree (seen_place_id, device_id) WHERE (seen_place_id <> ''::text);

CREATE INDEX device_report_by_therapy ON public.device_report USING btree (therapy, therapy_at, device_id, seen_place_id) WHERE (therapy <> ''::text);

CREATE INDEX device_report_wrong_clock ON public.device_report USING btree (device_id) WHERE ((clock_offset_us >= 120000000) OR (clock_offset_us <= '-120000000'::integer));

CREATE INDEX device_sanitisation_of_device ON public.device_sanitisation USING btree (device_id, at);

CREATE INDEX device_search ON public.device USING gin (search_pieces(search));

CREATE INDEX device_sighting_by_last ON public.device_sighting USING btree (last_at);

CREATE INDEX device_sighting_of_device ON public.device_sighting USING btree (device_id, first_at, id);

CREATE INDEX device_tag_by_tag ON public.device_tag USING btree (tag, device_id);

CREATE INDEX enrollment_not_completed ON public.enrollment USING btree (created_at) WHERE (state = 'issued'::text);

CREATE INDEX guard_freeze_active ON public.guard_freeze USING btree (scope, scope_id) WHERE (lifted_at = 0);

CREATE INDEX handheld_use_by_account ON public.handheld_use USING btree (account_id, taken_at);

CREATE INDEX handheld_use_by_clear ON public.handheld_use USING btree (clear_asked_at) WHERE (clear_asked_at > 0);

CREATE INDEX handheld_use_by_device ON public.handheld_use USING btree (device_id, taken_at);

CREATE INDEX handheld_use_due ON public.handheld_use USING btree (next_at) WHERE (next_at > 0);

CREATE UNIQUE INDEX handheld_use_open ON public.handheld_use USING btree (device_id) WHERE (ended_at = 0);

CREATE INDEX host_recovery_account ON public.host_recovery USING btree (account_id, created_at);

CREATE INDEX idempotency_at ON public.idempotency USING btree (at);

CREATE INDEX limit_change_rule ON public.limit_change USING btree (rule, id);

CREATE INDEX scep_transaction_invitation ON public.scep_transaction USING btree (invitation_id) WHERE (invitation_id <> ''::text);

CREATE INDEX scep_transaction_waiting ON public.scep_transaction USING btree (created_at, id) WHERE (state = 'waiting'::text);

CREATE INDEX session_account ON public.session USING btree (account_id, created_at);

CREATE INDEX session_expires ON public.session USING btree (expires_at);

CREATE INDEX session_refresh_session ON public.session_refresh USING btree (session_id);

CREATE INDEX step_up_session ON public.step_up USING btree (session_id, expires_at);

CREATE INDEX throttle_last ON public.throttle USING btree (last);

CREATE TRIGGER audit_event_is_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_event FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

CREATE CONSTRAINT TRIGGER audit_link_numbered AFTER INSERT ON public.audit_link DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_number_link();

CREATE OR REPLACE FUNCTION public.audit_number_link()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
    new_seq  BIGINT;
    new_hash BYTEA;
BEGIN
    UPDATE audit_head
       SET seq = seq + 1, hash = sha256(hash || int8send(seq + 1) || NEW.content)
     WHERE id = 1
    RETURNING seq, hash INTO new_seq, new_hash;
    UPDATE audit_link SET seq = new_seq, hash = new_hash WHERE id = NEW.id;
    RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION public.audit_refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END
$function$;

CREATE OR REPLACE FUNCTION public.search_pieces(s text)
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
    SELECT coalesce(array_agg(DISTINCT substr(s, i, 3)), '{}') FROM generate_series(1, length(s) - 2) AS i
$function$;
