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

// The way out of a lock-out (SAFETY 4): on the host, with one of the codes that
// were printed at founding. Everybody is told, and an hour passes in which it can
// be called off. Then the account gets a one-time link for a new password, and
// its factors are gone: it comes back as a new account does, and everything that
// destroys has to cool off anew.
//
// Where nobody is left who could agree to a grant of rights, no way back would be
// one: the account then becomes administrator, and for RecoveredLife may do alone
// what that takes, and no more: give somebody else the role security officer and
// confirm them. It ends with the first security officer whose role has cooled off.

const (
	// RecoveryDelay is how long a recovery waits, by the guard's clock, which
	// follows the database's and does not follow it when it is set.
	RecoveryDelay = time.Hour
	// RecoveryLife is how long it can be finished after that.
	RecoveryLife = 24 * time.Hour
	// RecoveredLife is how long the account may then give the role security
	// officer without a second person.
	RecoveredLife = 7 * 24 * time.Hour
	// PresentLife is for how long after the latest sign-in somebody counts as
	// there, who could agree or confirm.
	PresentLife = 30 * 24 * time.Hour
)

// RecoveryID identifies a recovery (UUIDv7).
type RecoveryID string

// RecoveryState is where a recovery stands.
type RecoveryState string

// The states of a recovery. One that was not finished in time stays waiting and is
// good for nothing any more.
const (
	RecoveryWaiting   RecoveryState = "waiting"
	RecoveryCancelled RecoveryState = "cancelled"
	RecoveryFinished  RecoveryState = "finished"
)

// Recovery is a way back into an account that was asked for on the host.
type Recovery struct {
	ID       RecoveryID
	Account  AccountID
	Username string // of the account, for reading
	State    RecoveryState
	// CreatedAt, ReadyAt and ExpiresAt are by the guard's clock. ExpiresAt of a
	// finished one is the end of RecoveredLife.
	CreatedAt time.Time
	ReadyAt   time.Time
	ExpiresAt time.Time
}

var (
	codeRecoveryRunning = fault.Define(fault.Conflict, "recovery_running",
		"One recovery runs at a time: finish it, or cancel it with `wardline recover cancel`.")
	codeRecoveryNone = fault.Define(fault.Conflict, "recovery_over",
		"Look with `wardline recover status`. A recovery that was cancelled, or not finished within a day, has to begin anew with another code.")
	codeRecoveryEarly = fault.Define(fault.Conflict, "recovery_waits",
		"Wait until the time that is named. Everybody who signs in sees that it runs, and an administrator, a security officer or the account's owner can cancel it.")
	codeRecoveryDisabled = fault.Define(fault.Conflict, "recovery_disabled",
		"Somebody took this account out of use. Name another one: the last administrator's is never disabled.")
)

// BeginRecovery begins to bring an account back, with a code from the envelope.
func (s *Service) BeginRecovery(ctx context.Context, by audit.Actor, code, username string) (Recovery, error) {
	if err := s.mayTryHostCode(ctx, by); err != nil {
		return Recovery{}, err
	}
	person, _, err := s.storage.PersonByUsername(ctx, normaliseUsername(username))
	if err != nil {
		return Recovery{}, hidden(err, "account")
	}
	r, err := s.storage.BeginRecovery(ctx, by, Recovery{ID: RecoveryID(s.newID()), Account: person.ID, State: RecoveryWaiting},
		func(present []HostCode, waiting bool, p Person) (HostCode, error) {
			switch {
			case waiting:
				return HostCode{}, codeRecoveryRunning.New("A recovery runs already.")
			case p.Disabled:
				return HostCode{}, codeRecoveryDisabled.New("The account %s is disabled.", p.Username)
			}
			return s.findHostCode(present, code)
		})
	return r, s.hostCodeFailed(ctx, by, err)
}

// Recoveries lists the recovery that waits, if there is one. Everybody may know.
func (s *Service) Recoveries(ctx context.Context) ([]Recovery, error) {
	list, err := s.storage.Recoveries(ctx)
	if err != nil {
		return nil, fmt.Errorf("list recoveries: %w", err)
	}
	return list, nil
}

// MayCancelRecovery says whether p may call a recovery off.
func MayCancelRecovery(p Principal, r Recovery) bool {
	return r.State == RecoveryWaiting && !p.IsToken() && (r.Account == p.Account || Can(p, RecoveriesCancel))
}

// CancelRecovery calls a recovery off: an administrator, a security officer, or
// the one whose account it is.
func (s *Service) CancelRecovery(ctx context.Context, p Principal, id RecoveryID) (Recovery, error) {
	return s.cancelRecovery(ctx, p.Actor(), id, func(r Recovery) error {
		if r.Account == p.Account && !p.IsToken() {
			return nil
		}
		return Authorise(p, RecoveriesCancel, Anywhere)
	})
}

// CancelRecoveryLocally calls off the one that runs, on the host.
func (s *Service) CancelRecoveryLocally(ctx context.Context, by audit.Actor) (Recovery, error) {
	r, err := s.runningRecovery(ctx, by)
	if err != nil {
		return Recovery{}, err
	}
	return s.cancelRecovery(ctx, by, r.ID, func(Recovery) error { return nil })
}

func (s *Service) cancelRecovery(ctx context.Context, by audit.Actor, id RecoveryID, may func(Recovery) error) (Recovery, error) {
	r, err := s.storage.DecideRecovery(ctx, by, id, func(r Recovery, _ time.Time, _ Person, _ Standing) (RecoveryDecision, error) {
		if err := may(r); err != nil {
			return RecoveryDecision{}, err
		}
		if r.State != RecoveryWaiting {
			return RecoveryDecision{}, codeRecoveryNone.New("This recovery runs no more.")
		}
		return RecoveryDecision{State: RecoveryCancelled}, nil
	})
	return r, hidden(err, "recovery")
}

func (s *Service) runningRecovery(ctx context.Context, by audit.Actor) (Recovery, error) {
	if err := onHost(by); err != nil {
		return Recovery{}, err
	}
	list, err := s.Recoveries(ctx)
	if err != nil {
		return Recovery{}, err
	}
	if len(list) == 0 {
		return Recovery{}, codeRecoveryNone.New("No recovery runs.")
	}
	return list[0], nil
}

// Recovered is an account that came back, with the link to set it up.
type Recovered struct {
	Recovery
	// SetupToken is shown once.
	SetupToken string
	// Alone: nobody was left to agree to a grant of rights, so the account is
	// administrator and may make a security officer by itself until ExpiresAt.
	Alone bool
}

// RecoveryDecision is what a rule decided about a recovery.
type RecoveryDecision struct {
	State RecoveryState
	// Change and Link belong to one that is finished; Until is the end of
	// RecoveredLife, or zero when rights can be given by two people. EndFounding
	// ends founding for good.
	Change *Change
	Link   *SetupLink
	Until  time.Time
	// EndFounding ends founding, if it is not over.
	EndFounding bool
}

// FinishRecovery brings the account back, once the hour is over.
func (s *Service) FinishRecovery(ctx context.Context, by audit.Actor) (Recovered, error) {
	r, err := s.runningRecovery(ctx, by)
	if err != nil {
		return Recovered{}, err
	}
	token, hash, err := newSecret(prefixSetup)
	if err != nil {
		return Recovered{}, err
	}
	out := Recovered{SetupToken: token}
	out.Recovery, err = s.storage.DecideRecovery(ctx, by, r.ID, func(r Recovery, now time.Time, p Person, st Standing) (RecoveryDecision, error) {
		if err := r.ripe(now, p); err != nil {
			return RecoveryDecision{}, err
		}
		out.Alone = st.Recovery.Officers == 0
		d := RecoveryDecision{State: RecoveryFinished, Link: &SetupLink{Hash: hash, Account: p.ID}, EndFounding: p.Founder}
		if out.Alone {
			d.Until = now.Add(RecoveredLife)
		}
		change := p.recover(by, r, st, out.Alone)
		d.Change = &change
		return d, nil
	})
	if errors.Is(err, ErrNoSuch) {
		return Recovered{}, codeRecoveryNone.New("No recovery runs.")
	}
	return out, err
}

// ripe says why a recovery cannot be finished now.
func (r Recovery) ripe(now time.Time, p Person) error {
	switch {
	case r.State != RecoveryWaiting || !now.Before(r.ExpiresAt):
		return codeRecoveryNone.New("This recovery runs no more.")
	case p.Disabled:
		return codeRecoveryDisabled.New("The account %s was disabled meanwhile.", p.Username)
	case now.Before(r.ReadyAt):
		return codeRecoveryEarly.New("The recovery of %s is not ready before %s.", p.Username,
			r.ReadyAt.UTC().Format("2 January 2006, 15:04:05 UTC")).With("ready_at", r.ReadyAt)
	}
	return nil
}

// recover takes everything from the account with which somebody could sign in,
// and makes its roles new.
func (p Person) recover(by audit.Actor, r Recovery, st Standing, alone bool) Change {
	detail := map[string]any{"username": p.Username, "recovery": r.ID, "rights_alone": alone}
	p.Credentials = Credentials{TOTPCounter: p.TOTPCounter}
	p.HasPassword, p.HasSecondFactor = false, false
	if alone && !slices.Contains(p.Roles, RoleAdmin) {
		detail["roles_before"] = p.Roles
		p.Roles = append(slices.Clone(p.Roles), RoleAdmin)
		detail["roles"] = p.Roles
	}
	p.coolRoles(by.ID, st.Now, everyRole)
	return Change{Person: p, Action: "account.recovered", Detail: detail, EndSessions: true, Reason: "recovered on the host"}
}

// RecoveryStanding is what rules must know of a recovery that was finished lately.
type RecoveryStanding struct {
	// Account came back and had nobody to agree; empty: there is none, or its
	// RecoveredLife is over.
	Account AccountID
	// Officers counts the others whose role security officer has cooled off,
	// Confirmers those who could confirm somebody; both only people who can sign in
	// and did so within PresentLife.
	Officers   int
	Confirmers int
}

// Counts notes somebody for a standing, as a storage walks through the accounts
// other than the one in question.
func (r *RecoveryStanding) Counts(p Person, now time.Time) {
	seen := p.LastSignInAt
	if seen.Before(p.CreatedAt) {
		seen = p.CreatedAt
	}
	if p.Disabled || !p.HasSecondFactor || p.Password == "" && len(p.Passkeys) == 0 || !now.Before(seen.Add(PresentLife)) {
		return
	}
	held := func(r Role) bool {
		i := slices.IndexFunc(p.Cooling, func(c Cooling) bool { return c.Role == r })
		return i < 0 || p.Cooling[i].good(now)
	}
	if slices.Contains(p.Roles, RoleSecurity) && held(RoleSecurity) {
		r.Officers++
	}
	if slices.ContainsFunc(p.Roles, func(r Role) bool { return r.CoolsOff() && held(r) }) {
		r.Confirmers++
	}
}

// alone reports whether the account may make a security officer by itself.
func (st Standing) alone(id AccountID) bool {
	return id != "" && st.Recovery.Account == id && st.Recovery.Officers == 0
}

// aloneConfirms reports whether it may also confirm, because nobody else could.
func (st Standing) aloneConfirms(id AccountID) bool {
	return st.alone(id) && st.Recovery.Confirmers == 0
}

// onlyOfficer reports whether the second rights add nothing to the first but the
// role security officer.
func onlyOfficer(before, after Rights) bool {
	for _, r := range after.Roles {
		if r != RoleSecurity && !slices.Contains(before.Roles, r) {
			return false
		}
	}
	// The scope of an account without roles limits nothing yet.
	return before.Disabled == after.Disabled && (len(before.Roles) == 0 || !wider(before.Scope, after.Scope))
}
