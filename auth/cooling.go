package auth

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardline/internal/fault"
)

// Cooling-off (SAFETY 4): a role that was just given destroys nothing and agrees
// to nothing that destroys, until its time has passed and somebody who holds
// such a role has confirmed the person. A new factor has a time of its own. So
// an administrator who makes accounts, an identity provider that hands out
// groups, and a thief who adds a factor gain nothing for a day, in which others
// see it.
const (
	// RoleCooling is how long a role cools off; RoleCoolingFew, while there are
	// fewer than FewApprovers approvers.
	RoleCooling    = 24 * time.Hour
	RoleCoolingFew = 4 * time.Hour
	FewApprovers   = 3
	// FactorCooling is how long a new factor cools off.
	FactorCooling = 24 * time.Hour
	// FoundingDevices is how many devices the first administrator may act on
	// during founding, in all.
	FoundingDevices = 10
)

var (
	codeCooling = fault.Define(fault.Forbidden, "cooling_off",
		"Wait until the time that is named, and have somebody confirm you who has been IT, biomedical engineering or security officer for longer. Locking a device and reporting it lost are possible at once.")
	codeFactorCooling = fault.Define(fault.Forbidden, "factor_cooling_off",
		"Use the factor that you had before, or wait until the time that is named. Locking a device and reporting it lost are possible at once.")
	codeNothingToConfirm = fault.Define(fault.Conflict, "nothing_to_confirm",
		"Look at the account again: somebody confirmed it meanwhile, or it has no new role that needs it.")
	codeLastApprovers = fault.Define(fault.Conflict, "last_approvers",
		"Make another approver first: destructive work on pumps, and a freeze, need two people. End the person's sessions at once if there is cause for haste.")
	codeFoundingSpent = fault.Define(fault.Forbidden, "founding_spent",
		"Give the roles IT, biomedical engineering or security officer to two people and confirm them: then they act, within the usual limits.")
)

// FoundingSpent answers the first administrator who would act on one device too
// many. The storage counts them in the transaction of the command.
func FoundingSpent() error {
	return codeFoundingSpent.New("During founding the first administrator may act on %d devices in all, and these were acted on.", FoundingDevices)
}

// weighty are the rights with which something can be destroyed for good.
var weighty = map[Permission]bool{
	CommandsErasePersonal: true, CommandsPumpWipe: true, CommandsContainPersonal: true, CommandsContainMedical: true,
	DevicesRetirePersonal: true, DevicesRetireMedical: true, BreakGlassOpen: true,
}

// weightySecond are rights whose second person grants power.
var weightySecond = map[Permission]bool{AccountsManage: true, SettingsManage: true}

// CoolsOff reports whether the role, when it is new, has to wait: whether it can
// destroy something or agree to that.
func (r Role) CoolsOff() bool {
	for permission := range weighty {
		if g := table[permission][r]; g.asks() || g.seconds() {
			return true
		}
	}
	return false
}

// Cooling is a role that an account was given, and what has become of it.
type Cooling struct {
	Role  Role      `json:"role"`
	Since time.Time `json:"since"`
	// By gave it: an account, or the host.
	By string `json:"by"`
	// VouchedBy confirmed the person; empty: nobody has.
	VouchedBy AccountID `json:"vouched_by,omitempty"`
	VouchedAt time.Time `json:"vouched_at,omitzero"`
	// GoodFrom is from when the role destroys; zero: nobody has confirmed it.
	GoodFrom time.Time `json:"good_from,omitzero"`
	// NotBefore is when the time is over that the role waits in any case. It hangs
	// on how many approvers there are now, and is not stored.
	NotBefore time.Time `json:"-"`
}

func (c Cooling) good(now time.Time) bool { return !c.GoodFrom.IsZero() && !now.Before(c.GoodFrom) }

// Wait is a role that its holder cannot destroy with yet.
type Wait struct {
	Role Role `json:"role"`
	// Until is when the time is over; Confirmed says that nothing else is missing.
	Until     time.Time `json:"until"`
	Confirmed bool      `json:"confirmed,omitempty"`
}

// coolingTime is how long a role cools off among so many approvers.
func coolingTime(approvers int) time.Duration {
	if approvers < FewApprovers {
		return RoleCoolingFew
	}
	return RoleCooling
}

// Waiting lists the roles of the account that are not good yet.
func (a Account) Waiting(st Standing) []Wait {
	var list []Wait
	for _, c := range a.Cooling {
		switch {
		case c.good(st.Now):
		case c.GoodFrom.IsZero():
			list = append(list, Wait{Role: c.Role, Until: c.Since.Add(coolingTime(st.Approvers))})
		default:
			list = append(list, Wait{Role: c.Role, Until: c.GoodFrom, Confirmed: true})
		}
	}
	return list
}

// seen says of each new role how long it waits in any case.
func (a Account) seen(st Standing) Account {
	a.Cooling = slices.Clone(a.Cooling)
	for i, c := range a.Cooling {
		a.Cooling[i].NotBefore = c.GoodFrom
		if c.GoodFrom.IsZero() {
			a.Cooling[i].NotBefore = c.Since.Add(coolingTime(st.Approvers))
		}
	}
	return a
}

// ApproverFrom is from when the account can be a second person to destructive
// work; zero: it cannot, or nobody has confirmed it.
func (a Account) ApproverFrom() time.Time {
	var from time.Time
	for _, r := range a.Roles {
		if a.Disabled || !r.approves() {
			continue
		}
		since := a.CreatedAt
		if i := slices.IndexFunc(a.Cooling, func(c Cooling) bool { return c.Role == r }); i >= 0 {
			since = a.Cooling[i].GoodFrom
		}
		if !since.IsZero() && (from.IsZero() || since.Before(from)) {
			from = since
		}
	}
	return from
}

// coolRoles makes the account's weighty roles new again: those named, or all of
// them. Roles that the account no longer has are forgotten.
func (a *Account) coolRoles(by string, now time.Time, named func(Role) bool) {
	var list []Cooling
	for _, r := range a.Roles {
		i := slices.IndexFunc(a.Cooling, func(c Cooling) bool { return c.Role == r })
		switch {
		case r.CoolsOff() && named(r):
			list = append(list, Cooling{Role: r, Since: now, By: by})
		case i >= 0:
			list = append(list, a.Cooling[i])
		}
	}
	a.Cooling = list
}

func everyRole(Role) bool { return true }

// firstFactor is asked before a factor is added. Whoever sets up the first one of
// an account has shown no more than its password, which may be stolen or set by
// an administrator: roles that are good already cool off anew, and somebody has
// to confirm the person.
func (p *Person) firstFactor(st Standing) {
	if p.hasFactor() || founding(p.Account, st) {
		return
	}
	p.coolRoles(string(p.ID), st.Now, func(r Role) bool {
		return !slices.ContainsFunc(p.Cooling, func(c Cooling) bool { return c.Role == r && c.GoodFrom.IsZero() })
	})
}

// settled says whether a right that destroys is good already: one of the roles
// that it comes from must not be new.
func settled(p Principal, permission Permission, has func(Grant) bool) error {
	var waits []Wait
	for _, r := range p.effectiveRoles() {
		if !has(table[permission][r]) {
			continue
		}
		i := slices.IndexFunc(p.Waiting, func(w Wait) bool { return w.Role == r })
		if i < 0 {
			return nil
		}
		waits = append(waits, p.Waiting[i])
	}
	if len(waits) == 0 {
		return nil // the right itself is asked about elsewhere
	}
	return stillCooling(slices.MinFunc(waits, func(a, b Wait) int { return a.Until.Compare(b.Until) }))
}

func stillCooling(w Wait) error {
	until := w.Until.UTC().Format("2 January 2006, 15:04 UTC")
	f := codeCooling.New("Your role %q is new: it destroys nothing, and agrees to nothing that destroys, before %s.", w.Role.Words(), until)
	if !w.Confirmed {
		f = codeCooling.New("Your role %q is new: it destroys nothing, and agrees to nothing that destroys, before %s and before somebody has confirmed you. "+
			"Anybody can who has been %s here for longer, other than the one who gave you the role.", w.Role.Words(), until, holders())
	}
	return f.With("role", w.Role).With("good_from", w.Until).With("confirmed", w.Confirmed)
}

// holders names the roles whose holders can confirm somebody.
func holders() string {
	var words []string
	for _, r := range Roles() {
		if r.CoolsOff() {
			words = append(words, r.Words())
		}
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// mayVouch says whether p holds a role for long enough to confirm others.
func mayVouch(p Principal) error {
	if err := Authorise(p, AccountsVouch, Anywhere); err != nil {
		return err
	}
	if p.ConfirmsAlone {
		return nil
	}
	var wait error
	for _, r := range p.effectiveRoles() {
		if !r.CoolsOff() {
			continue
		}
		i := slices.IndexFunc(p.Waiting, func(w Wait) bool { return w.Role == r })
		if i < 0 {
			return nil
		}
		wait = stillCooling(p.Waiting[i])
	}
	return wait
}

// Vouch confirms that somebody is who their account says, with the factor of the
// one who confirms. What remains to wait for is the time.
func (s *Service) Vouch(ctx context.Context, p Principal, id AccountID, proof Proof) (Account, error) {
	if err := mayVouch(p); err != nil {
		return Account{}, err
	}
	if id == p.Account {
		return Account{}, codeSamePerson.New("Nobody confirms themselves.")
	}
	if err := s.proveNow(ctx, p, proof, ForVouch(id)); err != nil {
		return Account{}, err
	}
	a, err := s.storage.ChangePerson(ctx, p.Actor(), id, func(person Person, st Standing) (Change, error) {
		return vouch(p, person, st)
	})
	return a, hidden(err, "account")
}

// ForVouch is the subject of a proof with which somebody is confirmed.
func ForVouch(id AccountID) string { return "vouch:" + string(id) }

// vouch is the rule of Vouch.
func vouch(p Principal, person Person, st Standing) (Change, error) {
	if person.Disabled {
		return Change{}, codeNothingToConfirm.New("The account of %s is disabled.", person.Name)
	}
	if !person.HasSecondFactor {
		return Change{}, codeNothingToConfirm.New("%s has no second factor yet; confirm them once they have set one up.", person.Name)
	}
	var roles []Role
	own := false
	person.Cooling = slices.Clone(person.Cooling)
	for i, c := range person.Cooling {
		// Who confirms alone, confirms those who then confirm the others.
		if !c.GoodFrom.IsZero() || p.ConfirmsAlone && c.Role != RoleSecurity {
			continue
		}
		// During founding there is nobody else who could, nor after a recovery that
		// found nobody.
		if c.By == string(p.Account) && !p.Founding && !st.aloneConfirms(p.Account) {
			own = true
			continue
		}
		c.VouchedBy, c.VouchedAt, c.GoodFrom = p.Account, st.Now, c.Since.Add(coolingTime(st.Approvers))
		person.Cooling[i] = c
		roles = append(roles, c.Role)
	}
	if len(roles) == 0 && own {
		return Change{}, codeSamePerson.New("You gave %s the role yourself; somebody else has to confirm it.", person.Name)
	}
	if len(roles) == 0 {
		return Change{}, codeNothingToConfirm.New("There is nothing to confirm about %s.", person.Name)
	}
	person.confirmFactors(st)
	return Change{Person: person, Action: "account.vouched", Detail: map[string]any{
		"username": person.Username, "roles": roles, "good_from": person.Cooling[0].GoodFrom}}, nil
}

// confirmFactors: whoever confirms a person confirms the factor with which the
// person came, when that is the first one.
func (p *Person) confirmFactors(st Standing) {
	if p.settledFactor(st.Now) {
		return
	}
	earlier := func(t time.Time) time.Time {
		if t.IsZero() {
			return t
		}
		return t.Add(coolingTime(st.Approvers) - FactorCooling)
	}
	p.TOTPGoodFrom = earlier(p.TOTPGoodFrom)
	p.Passkeys, p.Recovery = slices.Clone(p.Passkeys), slices.Clone(p.Recovery)
	for i := range p.Passkeys {
		p.Passkeys[i].GoodFrom = earlier(p.Passkeys[i].GoodFrom)
	}
	for i := range p.Recovery {
		p.Recovery[i].GoodFrom = earlier(p.Recovery[i].GoodFrom)
	}
}

// Vouchable lists the accounts whose roles nobody has confirmed yet, for those
// who could.
func (s *Service) Vouchable(ctx context.Context, p Principal) ([]Account, error) {
	if err := Authorise(p, AccountsVouch, Anywhere); err != nil {
		return nil, err
	}
	list, err := s.storage.Unconfirmed(ctx)
	if err != nil {
		return nil, fmt.Errorf("list accounts to confirm: %w", err)
	}
	_, st, err := s.storage.Person(ctx, p.Account)
	if err != nil {
		return nil, fmt.Errorf("list accounts to confirm: %w", err)
	}
	for i, a := range list {
		list[i] = a.seen(st)
	}
	return list, nil
}

// wider reports whether the second scope reaches anything that the first does
// not.
func wider(before, after Scope) bool {
	return widerList(before.Sites, after.Sites) || widerList(before.Classes, after.Classes) ||
		// Wards and models give, where the others limit.
		more(before.Wards, after.Wards) || more(before.Models, after.Models) ||
		after.From.Before(before.From) || after.Until.After(before.Until)
}

func widerList[T comparable](before, after []T) bool {
	if len(before) == 0 {
		return false
	}
	return len(after) == 0 || more(before, after)
}

func more[T comparable](before, after []T) bool {
	return slices.ContainsFunc(after, func(x T) bool { return !slices.Contains(before, x) })
}
