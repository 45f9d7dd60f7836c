package commands

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
)

// Lost is what a restore lost and what it made void: two people have seen it
// before they lift the freeze that it begins with.
type Lost struct {
	Epoch int `json:"epoch"`
	// From is the newest thing that the restored database tells of, Until the last
	// moment that something is known of outside of it; zero: nothing was known.
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	// Links is how many transactions of the audit log are missing; -1: not known.
	Links int64 `json:"links"`
	// Orders were open in the restored database, and are void.
	Orders []LostOrder `json:"orders"`
	// The others that are void, by their number.
	MoreOrders  int `json:"more_orders"`
	Approvals   int `json:"approvals"`
	Invitations int `json:"invitations"`
	Sessions    int `json:"sessions"`
	Tokens      int `json:"tokens"`
	// Revocations were on the last CRL and not in the restored database; they hold.
	// CRLKnown is false when there was no such list.
	Revocations []LostRevocation `json:"revocations"`
	CRLKnown    bool             `json:"crl_known"`
	// People are the user names of accounts that were changed since, if only by a
	// sign-in, or that are missing: what they may do now is what they could do then.
	People []string `json:"people"`
}

// LostOrder is an order that is void.
type LostOrder struct {
	Command ID          `json:"command_id"`
	Device  device.ID   `json:"device_id"`
	Kind    device.Kind `json:"kind"`
	State   State       `json:"state"` // what it was in the restored database
}

// LostRevocation is a revocation that was taken over from the last CRL.
type LostRevocation struct {
	Serial string    `json:"serial"`
	Device device.ID `json:"device_id"` // empty: the restored database does not know the certificate
	At     time.Time `json:"at"`
}

// Hash names exactly this list.
func (l Lost) Hash() (string, error) {
	raw, err := json.Marshal(l)
	if err != nil {
		return "", fmt.Errorf("name a list of what was lost: %w", err)
	}
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

var codeListNotSeen = fault.Define(fault.Conflict, "list_not_seen",
	"Look at the list of what was lost, and send its list_hash as seen.")

// seenBy refuses to lift what a restore has frozen before somebody has seen its
// list.
func (z Freeze) seenBy(seen string) error {
	if z.Lost == nil {
		return nil
	}
	hash, err := z.Lost.Hash()
	if err != nil {
		return err
	}
	if seen != hash {
		return codeListNotSeen.New("What the restore lost and made void has to be seen before this freeze is lifted.")
	}
	return nil
}

// voidedByRestore is why an order ended that was open when the database was restored.
const voidedByRestore = "The database was restored from a backup: nothing that was open then is carried out."

// VoidOrders ends open orders after a restore: what has left is no longer waited
// for, what has not never leaves.
func VoidOrders(now time.Time, open []Command, actor audit.Actor) ([]Command, error) {
	out := make([]Command, 0, len(open))
	for _, c := range open {
		why, to := cause{step: stepCancel, at: now, actor: actor, reason: voidedByRestore}, StateCancelled
		if !c.State.Undelivered() {
			why.step, to = stepSupersede, StateSuperseded
		}
		if err := c.transition(to, why); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}
