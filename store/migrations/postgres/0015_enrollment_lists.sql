-- What the enrollment screen asks for: the requests that were made under an
-- invitation, and the audit events of one kind, newest first, without walking
-- through all the others.
-- +goose Up
CREATE INDEX scep_transaction_invitation ON scep_transaction (invitation_id) WHERE invitation_id <> '';
CREATE INDEX audit_event_action ON audit_event (action, at, id);
