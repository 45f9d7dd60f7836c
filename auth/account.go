package auth

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"wardline/audit"
	"wardline/internal/fault"
)

var (
	codeUsernameTaken = fault.Define(fault.Conflict, "username_taken", "Choose another user name.")
	codeLastAdmin     = fault.Define(fault.Conflict, "last_admin",
		"Make another administrator first: without one nobody could manage accounts.")
	codeOwnRights = fault.Define(fault.Forbidden, "own_rights",
		"Ask another administrator: nobody changes their own roles or scope.")
)

// IsAdmin reports whether the account can manage accounts now.
func (a Account) IsAdmin() bool { return !a.Disabled && slices.Contains(a.Roles, RoleAdmin) }

// IsApprover reports whether the account can be a second person to destructive
// work now.
func (a Account) IsApprover() bool {
	return !a.Disabled && slices.ContainsFunc(a.Roles, func(r Role) bool {
		return r.approves()
	})
}

func (r Role) approves() bool {
	return table[CommandsErasePersonal][r].seconds() || table[CommandsPumpWipe][r].seconds()
}

// NewAccount describes an account to be made.
type NewAccount struct {
	Username string
	Name     string
	Roles    []Role
	Scope    Scope
	// Password may be empty: then a set-up link is made, with which the person
	// chooses one.
	Password string
	// TOTPSeed enrolls a one-time-code factor at once, base32; for accounts made
	// on the host and for the demo.
	TOTPSeed string
}

var usernamePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{0,63}$`)

func normaliseUsername(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// check collects everything that is wrong with the description.
func (n NewAccount) check() error {
	f := fault.CodeInvalid.New("The account cannot be made as it is described.")
	if !usernamePattern.MatchString(n.Username) {
		f.WithField("username", "is 1 to 64 letters, digits and . _ @ -, beginning with a letter or digit")
	}
	if strings.TrimSpace(n.Name) == "" || len(n.Name) > 200 {
		f.WithField("name", "is 1 to 200 bytes")
	}
	checkRoles(f, n.Roles, n.Scope)
	if n.TOTPSeed != "" && checkSeed(n.TOTPSeed) != nil {
		f.WithField("totp_seed", "is base32 of at least 16 bytes")
	}
	if len(f.Fields) > 0 {
		return f
	}
	if n.Password != "" {
		return checkPassword(n.Password, n.Username)
	}
	return nil
}

func checkRoles(f *fault.Fault, roles []Role, scope Scope) {
	if len(roles) == 0 {
		f.WithField("roles", "needs at least one role")
	}
	for i, r := range roles {
		if !r.Valid() {
			f.WithField(fmt.Sprintf("roles[%d]", i), "there is no role %q", r)
		} else if slices.Contains(roles[:i], r) {
			f.WithField(fmt.Sprintf("roles[%d]", i), "names %q twice", r)
		}
	}
	for i, c := range scope.Classes {
		if !c.Valid() {
			f.WithField(fmt.Sprintf("scope.classes[%d]", i), "there is no class %q", c)
		}
	}
	if slices.Contains(roles, RoleVendor) && (len(scope.Models) == 0 || scope.Until.IsZero()) {
		f.WithField("scope", "a vendor needs named models and a last day")
	}
}

// Created is a new account, with the link to set it up when it has no password.
type Created struct {
	Account Account
	// SetupToken is shown once; empty when a password was given.
	SetupToken string
	// HostCodes are those for `wardline recover`, shown once; only of the first
	// administrator that is made on the host.
	HostCodes []string
}

// CreateAccount makes an account for somebody else. Past founding its roles wait
// for a second person.
func (s *Service) CreateAccount(ctx context.Context, p Principal, n NewAccount) (Created, error) {
	if err := Authorise(p, AccountsManage, Anywhere); err != nil {
		return Created{}, err
	}
	return s.createAccount(ctx, p.Actor(), n, func(person Person, st Standing) (Person, error) {
		person.coolAll(p.Actor().ID, st.Now)
		if p.Founding || st.alone(p.Account) && onlyOfficer(Rights{}, rightsOf(person.Account)) {
			return person, nil
		}
		// The account is there, with a password and a factor if its person sets them
		// up; what it may do waits for a second person.
		none := Rights{}
		person.Pending = s.waits(p, person.Account, none, rightsOf(person.Account))
		person.Roles, person.Scope, person.Cooling = nil, Scope{}, nil
		return person, nil
	})
}

// CreateAccountLocally makes an account for whoever runs a program on the host
// itself: the demo. With Options.Furnished its roles and factor count as long
// held.
func (s *Service) CreateAccountLocally(ctx context.Context, by audit.Actor, n NewAccount) (Created, error) {
	if err := onHost(by); err != nil {
		return Created{}, err
	}
	return s.createAccount(ctx, by, n, func(person Person, st Standing) (Person, error) {
		if !s.furnished {
			person.coolAll(by.ID, st.Now)
		}
		return person, nil
	})
}

// onHost guards the methods that ask for no right: their caller sits on the host
// and could read the database as well.
func onHost(by audit.Actor) error {
	if by.Kind != audit.ActorLocal && by.Kind != audit.ActorSystem {
		return codeNotAllowed.New("This is done on the host that Wardline runs on.")
	}
	return nil
}

func (s *Service) createAccount(ctx context.Context, by audit.Actor, n NewAccount, rule func(Person, Standing) (Person, error)) (Created, error) {
	n.Username, n.Name = normaliseUsername(n.Username), strings.TrimSpace(n.Name)
	if err := n.check(); err != nil {
		return Created{}, err
	}
	p, err := s.newPerson(ctx, n)
	if err != nil {
		return Created{}, err
	}
	var created Created
	var link *SetupLink
	if n.Password == "" {
		token, hash, err := newSecret(prefixSetup)
		if err != nil {
			return Created{}, err
		}
		created.SetupToken, link = token, &SetupLink{Hash: hash, Account: p.ID}
	}
	created.Account, err = s.storage.AddAccount(ctx, by, p, link, rule)
	if errors.Is(err, ErrTaken) {
		return Created{}, codeUsernameTaken.New("There is already an account %q.", n.Username).WithField("username", "is taken")
	}
	if err != nil {
		return Created{}, fmt.Errorf("create account: %w", err)
	}
	return created, nil
}

// coolAll: whatever a new account has is new.
func (p *Person) coolAll(by string, now time.Time) {
	p.coolRoles(by, now, everyRole)
	if len(p.TOTP) > 0 {
		p.TOTPGoodFrom = now.Add(FactorCooling)
	}
}

// newPerson does the slow part, outside of any transaction.
func (s *Service) newPerson(ctx context.Context, n NewAccount) (Person, error) {
	p := Person{Account: Account{ID: AccountID(s.newID()), Username: n.Username, Name: n.Name, Roles: n.Roles, Scope: n.Scope}}
	if n.Password != "" {
		phc, err := s.hasher.hash(ctx, n.Password)
		if err != nil {
			return p, err
		}
		p.Password, p.HasPassword = phc, true
	}
	if n.TOTPSeed != "" {
		sealed, err := s.seedSealer(p.ID).Seal([]byte(strings.ToUpper(strings.TrimRight(n.TOTPSeed, "="))))
		if err != nil {
			return p, fmt.Errorf("seal one-time-code seed: %w", err)
		}
		p.TOTP, p.HasSecondFactor = sealed, true
	}
	return p, nil
}

// Account reads one account: one's own, or with AccountsRead anybody's.
func (s *Service) Account(ctx context.Context, p Principal, id AccountID) (Account, error) {
	if err := s.ownOr(p, id, AccountsRead); err != nil {
		return Account{}, err
	}
	person, st, err := s.storage.Person(ctx, id)
	if err != nil {
		return Account{}, hidden(err, "account")
	}
	return person.seen(st), nil
}

// Accounts lists accounts by user name, and how many match in all.
func (s *Service) Accounts(ctx context.Context, p Principal, q AccountQuery) ([]Account, int, error) {
	if err := Authorise(p, AccountsRead, Anywhere); err != nil {
		return nil, 0, err
	}
	return s.storage.Accounts(ctx, q)
}

// AccountChange says what to change; nil leaves as it is.
type AccountChange struct {
	Name     *string
	Roles    *[]Role
	Scope    *Scope
	Disabled *bool
	// IfVersion is the version that the change is based on; 0: any.
	IfVersion int
}

// ChangeAccount changes somebody else's account, or one's own name. Taking
// rights away ends the account's sessions at once; the last administrator and
// the last two approvers stay what they are. Rights that are given cool off.
func (s *Service) ChangeAccount(ctx context.Context, p Principal, id AccountID, c AccountChange) (Account, error) {
	if err := Authorise(p, AccountsManage, Anywhere); err != nil {
		return Account{}, err
	}
	if id == p.Account && (c.Roles != nil || c.Scope != nil || c.Disabled != nil) {
		return Account{}, codeOwnRights.New("You cannot change your own roles, scope or status.")
	}
	a, err := s.storage.ChangePerson(ctx, p.Actor(), id, func(person Person, st Standing) (Change, error) {
		change, err := c.apply(p.Actor(), person, st) // says what is wrong with it at once
		if err != nil || p.Founding ||
			st.alone(p.Account) && onlyOfficer(rightsOf(person.Account), rightsOf(change.Person.Account)) {
			return change, err
		}
		return s.withSecond(p, c, change, person, st)
	})
	if err != nil {
		return Account{}, hidden(err, "account")
	}
	return a, nil
}

// withSecond applies what a change takes away and leaves what it gives to a second
// person.
func (s *Service) withSecond(p Principal, c AccountChange, whole Change, person Person, st Standing) (Change, error) {
	before, after := rightsOf(person.Account), rightsOf(whole.Person.Account)
	if !gives(before, after) {
		return whole, nil
	}
	left := taken(before, after)
	change, err := AccountChange{Name: c.Name, Scope: &left.Scope, Disabled: &left.Disabled}.apply(p.Actor(), person, st)
	if err != nil {
		return Change{}, err
	}
	if len(left.Roles) < len(before.Roles) {
		change.Person.Roles = left.Roles
		change.Person.coolRoles("", st.Now, func(Role) bool { return false })
		change.EndSessions, change.Reason = true, "rights changed"
		change.Detail["roles_before"], change.Detail["roles"] = before.Roles, left.Roles
		if err := lastOnes(person.Account, change.Person.Account, st); err != nil {
			return Change{}, err
		}
	}
	change.Person.Pending = s.waits(p, person.Account, left, after)
	return change, nil
}

// apply is the rule of ChangeAccount.
func (c AccountChange) apply(by audit.Actor, person Person, st Standing) (Change, error) {
	if c.IfVersion != 0 && c.IfVersion != person.Version {
		return Change{}, ErrStale
	}
	before := person.Account
	after := &person.Account
	detail := map[string]any{"username": before.Username}
	if c.Name != nil {
		after.Name = strings.TrimSpace(*c.Name)
		detail["name"] = after.Name
	}
	if c.Roles != nil {
		after.Roles = slices.Clone(*c.Roles)
		detail["roles_before"], detail["roles"] = before.Roles, after.Roles
	}
	if c.Scope != nil {
		after.Scope = *c.Scope
		detail["scope_before"], detail["scope"] = before.Scope, after.Scope
	}
	if c.Disabled != nil {
		after.Disabled = *c.Disabled
		detail["disabled"] = after.Disabled
	}
	f := fault.CodeInvalid.New("The account cannot be changed like that.")
	if after.Name == "" || len(after.Name) > 200 {
		f.WithField("name", "is 1 to 200 bytes")
	}
	if len(after.Roles) > 0 || len(before.Roles) > 0 { // an account whose roles still wait has none
		checkRoles(f, after.Roles, after.Scope)
	}
	if len(f.Fields) > 0 {
		return Change{}, f
	}
	if err := lastOnes(before, *after, st); err != nil {
		return Change{}, err
	}
	after.coolRoles(by.ID, st.Now, func(r Role) bool {
		return !slices.Contains(before.Roles, r) || (before.Disabled && !after.Disabled) || wider(before.Scope, after.Scope)
	})
	change := Change{Person: person, Action: "account.changed", Detail: detail}
	if lessRights(before, *after) || c.Scope != nil {
		change.EndSessions, change.Reason = true, "rights changed"
	}
	return change, nil
}

// lastOnes keeps the last administrator and, unless a founding is under way, the
// last two approvers.
func lastOnes(before, after Account, st Standing) error {
	if before.IsAdmin() && !after.IsAdmin() && st.OtherAdmins == 0 {
		return codeLastAdmin.New("%s is the last administrator.", before.Name)
	}
	if !before.ApproverFrom().IsZero() && after.ApproverFrom().IsZero() && (st.FoundingEnded || st.FoundedAt.IsZero()) && st.OtherApprovers < 2 {
		return codeLastApprovers.New("%s is one of the last two people who can approve destructive work.", before.Name)
	}
	return nil
}

// lessRights reports whether a role, or everything, was taken away.
func lessRights(before, after Account) bool {
	return after.Disabled || slices.ContainsFunc(before.Roles, func(r Role) bool { return !slices.Contains(after.Roles, r) })
}
