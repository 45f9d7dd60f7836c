package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"wardline/audit"
	"wardline/internal/fault"
)

// Rights are given by two people (SAFETY 4): an administrator asks, and a
// security officer agrees. Until then nothing changes; what a change takes away
// is taken at once. During founding there is nobody to agree yet.

// ChangeID identifies a change of an account that waits for a second person
// (UUIDv7).
type ChangeID string

// ChangeState is where such a change stands.
type ChangeState string

// The states of a change. One that was not decided in time stays pending and is
// good for nothing any more.
const (
	ChangePending   ChangeState = "pending"
	ChangeApproved  ChangeState = "approved"
	ChangeDenied    ChangeState = "denied"
	ChangeWithdrawn ChangeState = "withdrawn" // another one took its place
)

// PendingLife is how long a change waits for a second person.
const PendingLife = 7 * 24 * time.Hour

// Rights are what a change gives: roles, where they hold, and whether the account
// may be used at all.
type Rights struct {
	Roles    []Role `json:"roles"`
	Scope    Scope  `json:"scope"`
	Disabled bool   `json:"disabled,omitempty"`
}

func rightsOf(a Account) Rights { return Rights{Roles: a.Roles, Scope: a.Scope, Disabled: a.Disabled} }

// PendingChange is a change of somebody's rights that waits for a second person.
type PendingChange struct {
	ID       ChangeID
	Account  AccountID
	Username string // of the account, for reading
	// BasedOn is the account's version at the time; Before are the rights that it
	// had, After those that it is to get.
	BasedOn       int
	Before, After Rights
	AskedBy       AccountID
	AskedIn       SessionID
	AskedName     string
	State         ChangeState
	DecidedBy     AccountID
	DecidedName   string
	Why           string // of a denial
	CreatedAt     time.Time
	ExpiresAt     time.Time
	DecidedAt     time.Time
}

var (
	codeChangeOver = fault.Define(fault.Conflict, "account_change_over",
		"Look at the list again: it was decided, replaced, or waited for more than a week. Then ask for it anew.")
	codeChangeVoid = fault.Define(fault.Conflict, "account_change_void",
		"The account's rights are no longer what they were when this was asked: ask for it anew.")
)

// gives reports whether the second rights hold anything that the first do not.
func gives(before, after Rights) bool {
	if after.Disabled {
		return false
	}
	return before.Disabled || more(before.Roles, after.Roles) || wider(before.Scope, after.Scope)
}

// taken is what remains of the first rights when only what the second take away
// is taken.
func taken(before, after Rights) Rights {
	left := before
	left.Roles = slices.DeleteFunc(slices.Clone(before.Roles), func(r Role) bool { return !slices.Contains(after.Roles, r) })
	if !wider(before.Scope, after.Scope) {
		left.Scope = after.Scope
	}
	left.Disabled = before.Disabled || after.Disabled
	return left
}

// waits makes the change that waits for somebody to agree.
func (s *Service) waits(p Principal, a Account, before, after Rights) *PendingChange {
	return &PendingChange{ID: ChangeID(s.newID()), Account: a.ID, BasedOn: a.Version, Before: before, After: after,
		AskedBy: p.Account, AskedIn: p.Session, AskedName: p.Username, State: ChangePending}
}

// AccountChanges lists changes that wait for a second person, or all of one
// account, newest first.
func (s *Service) AccountChanges(ctx context.Context, p Principal, account AccountID) ([]PendingChange, error) {
	if err := Authorise(p, AccountsRead, Anywhere); err != nil {
		return nil, err
	}
	list, err := s.storage.AccountChanges(ctx, account)
	if err != nil {
		return nil, fmt.Errorf("list account changes: %w", err)
	}
	return list, nil
}

// ForChange is the subject of a proof with which a change is approved.
func ForChange(id ChangeID) string { return "account_change:" + string(id) }

// ApproveChange agrees, as a second person, to a change of rights: it is done at
// once, and the roles that it gives begin to cool off.
func (s *Service) ApproveChange(ctx context.Context, p Principal, id ChangeID, proof Proof) (PendingChange, error) {
	if err := s.maySecondChange(ctx, p, id); err != nil {
		return PendingChange{}, err
	}
	if err := s.proveNow(ctx, p, proof, ForChange(id)); err != nil {
		return PendingChange{}, err
	}
	return s.decideChange(ctx, p, id, func(c PendingChange, person Person, st Standing) (PendingChange, *Change, error) {
		c.State = ChangeApproved
		if !equalRights(rightsOf(person.Account), c.Before) {
			return c, nil, codeChangeVoid.New("The rights of %s have changed since this was asked.", person.Name)
		}
		change, err := AccountChange{Roles: &c.After.Roles, Scope: &c.After.Scope, Disabled: &c.After.Disabled}.
			apply(audit.Actor{ID: string(c.AskedBy)}, person, st)
		if err != nil {
			return c, nil, err
		}
		change.Detail["asked_by"], change.Detail["account_change"] = c.AskedBy, c.ID
		return c, &change, nil
	})
}

// DenyChange says no to a change, as a second person, or takes back one's own.
func (s *Service) DenyChange(ctx context.Context, p Principal, id ChangeID, why string) (PendingChange, error) {
	c, err := s.storage.AccountChange(ctx, id)
	if err != nil {
		return PendingChange{}, hidden(err, "account change")
	}
	if c.AskedBy != p.Account {
		if err := s.maySecondChange(ctx, p, id); err != nil {
			return PendingChange{}, err
		}
	}
	return s.decideChange(ctx, p, id, func(c PendingChange, _ Person, _ Standing) (PendingChange, *Change, error) {
		c.State, c.Why = ChangeDenied, clip(why, 500)
		return c, nil, nil
	})
}

// maySecondChange asks whether p may be the second person to a change.
func (s *Service) maySecondChange(ctx context.Context, p Principal, id ChangeID) error {
	c, err := s.storage.AccountChange(ctx, id)
	if err != nil {
		return hidden(err, "account change")
	}
	if c.Account == p.Account {
		return codeOwnRights.New("Nobody agrees to their own rights.")
	}
	return AuthoriseSecond(p, AccountsManage, Anywhere, Asker{Account: c.AskedBy, Session: c.AskedIn})
}

func (s *Service) decideChange(ctx context.Context, p Principal, id ChangeID,
	rule func(PendingChange, Person, Standing) (PendingChange, *Change, error)) (PendingChange, error) {
	c, err := s.storage.DecideAccountChange(ctx, p.Actor(), id, func(c PendingChange, person Person, st Standing) (PendingChange, *Change, error) {
		if c.State != ChangePending || !st.Now.Before(c.ExpiresAt) {
			return c, nil, codeChangeOver.New("This change no longer waits for anybody.")
		}
		c.DecidedBy, c.DecidedName, c.DecidedAt = p.Account, p.Username, st.Now
		return rule(c, person, st)
	})
	if errors.Is(err, ErrNoSuch) {
		return c, hidden(err, "account change")
	}
	return c, err
}

func equalRights(a, b Rights) bool { return !gives(a, b) && !gives(b, a) && a.Disabled == b.Disabled }
