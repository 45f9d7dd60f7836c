package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"wardline/audit"
	"wardline/internal/fault"
)

var (
	codeFounded = fault.Define(fault.Conflict, "already_founded",
		"There was a first administrator already: accounts are made by an administrator, in the console or with the command line.")
	codeSetupLink = fault.Define(fault.Unauthenticated, "setup_link_invalid",
		"The link was used, replaced or has run out: ask for a new one.")
)

func notFounded(st Standing) error {
	if !st.FoundedAt.IsZero() {
		return codeFounded.New("There was a first administrator already.")
	}
	return nil
}

// BootstrapFirstAdmin makes the first administrator, only while there never was
// one: by `wardline user create` on the host, or from WARDLINE_BOOTSTRAP_ADMIN
// and WARDLINE_BOOTSTRAP_PASSWORD. Its roles are n.Roles and admin. With it comes
// a new set of codes for the host. When there was one before, the error has the
// code already_founded.
func (s *Service) BootstrapFirstAdmin(ctx context.Context, by audit.Actor, n NewAccount) (Created, error) {
	if err := onHost(by); err != nil {
		return Created{}, err
	}
	created, err := s.createFounder(ctx, by, n)
	if err != nil {
		return Created{}, err
	}
	if created.HostCodes, err = s.foundingCodes(ctx, by); err != nil {
		return Created{}, fmt.Errorf("the account %s was made, but no codes for the host: %w", created.Account.Username, err)
	}
	return created, nil
}

func (s *Service) createFounder(ctx context.Context, by audit.Actor, n NewAccount) (Created, error) {
	n.Roles = withAdmin(n.Roles)
	n.Username, n.Name = normaliseUsername(n.Username), strings.TrimSpace(n.Name)
	if n.Name == "" {
		n.Name = n.Username
	}
	if err := n.check(); err != nil {
		return Created{}, err
	}
	if n.Password == "" {
		return Created{}, codeWeakPassword.New("The first administrator needs a password.").WithField("password", "is missing")
	}
	p, err := s.newPerson(ctx, n)
	if err != nil {
		return Created{}, err
	}
	p.Founder = true
	a, err := s.storage.AddAccount(ctx, by, p, nil, func(p Person, st Standing) (Person, error) {
		p.coolAll(by.ID, st.Now)
		return p, notFounded(st)
	})
	if errors.Is(err, ErrTaken) {
		return Created{}, codeFounded.New("There was a first administrator already, or there is an account %q.", n.Username)
	}
	if err != nil {
		return Created{}, fmt.Errorf("create first administrator: %w", err)
	}
	return Created{Account: a}, nil
}

func withAdmin(roles []Role) []Role {
	out := []Role{RoleAdmin}
	for _, r := range roles {
		if r != RoleAdmin {
			out = append(out, r)
		}
	}
	return out
}

// NeedsFirstAdmin reports whether nobody ever was an administrator here.
func (s *Service) NeedsFirstAdmin(ctx context.Context) (bool, error) {
	_, st, err := s.storage.PersonByUsername(ctx, "")
	if err != nil && !errors.Is(err, ErrNoSuch) {
		return false, fmt.Errorf("look for the first administrator: %w", err)
	}
	return st.FoundedAt.IsZero(), nil
}

// FirstAdminLink makes the token of the one-time set-up link that the server
// prints at its first start. A later one replaces it.
func (s *Service) FirstAdminLink(ctx context.Context, by audit.Actor) (string, error) {
	if err := onHost(by); err != nil {
		return "", err
	}
	token, hash, err := newSecret(prefixSetup)
	if err != nil {
		return "", err
	}
	if err := s.storage.AddSetupLink(ctx, by, SetupLink{Hash: hash}, notFounded); err != nil {
		return "", fmt.Errorf("make set-up link: %w", err)
	}
	return token, nil
}

// NewSetupLink makes a link with which somebody chooses a new password: for an
// account without one, or one whose password was forgotten. It does not touch
// the second factor.
func (s *Service) NewSetupLink(ctx context.Context, p Principal, id AccountID) (string, error) {
	if err := Authorise(p, AccountsManage, Anywhere); err != nil {
		return "", err
	}
	if id == p.Account {
		return "", codeOwnRights.New("Change your own password instead.")
	}
	if _, _, err := s.storage.Person(ctx, id); err != nil {
		return "", hidden(err, "account")
	}
	token, hash, err := newSecret(prefixSetup)
	if err != nil {
		return "", err
	}
	link := SetupLink{Hash: hash, Account: id}
	if err := s.storage.AddSetupLink(ctx, p.Actor(), link, func(Standing) error { return nil }); err != nil {
		return "", hidden(err, "account")
	}
	return token, nil
}

// SetUp redeems a set-up link. Username and name count only for the first
// administrator's.
type SetUp struct {
	Token    string
	Username string
	Name     string
	Password string
	Remote   string
	Via      string
}

// SetUp redeems a link and ends every session that the account had.
func (s *Service) SetUp(ctx context.Context, in SetUp) (Account, error) {
	if !strings.HasPrefix(in.Token, prefixSetup) {
		return Account{}, codeSetupLink.New("This link is not good.")
	}
	username := normaliseUsername(in.Username)
	if err := checkPassword(in.Password, username); err != nil {
		return Account{}, err
	}
	// Hashing is dear: only a link that is there is worth it.
	_, err := s.storage.SetupLink(ctx, hashOf(in.Token))
	if errors.Is(err, ErrNoSuch) {
		return Account{}, codeSetupLink.New("This link was used, replaced or has run out.")
	}
	if err != nil {
		return Account{}, fmt.Errorf("set up account: %w", err)
	}
	phc, err := s.hasher.hash(ctx, in.Password)
	if err != nil {
		return Account{}, err
	}
	by := audit.Actor{Kind: audit.ActorNobody, ID: SourceOf(in.Remote), Via: in.Via}
	a, err := s.storage.UseSetupLink(ctx, by, hashOf(in.Token), func(link SetupLink, p Person, st Standing) (Change, error) {
		if !st.Now.Before(link.ExpiresAt) || p.Disabled {
			return Change{}, ErrNoSuch
		}
		if link.Account == "" {
			return s.foundBySetup(in, username, st, phc)
		}
		if err := checkPassword(in.Password, p.Username); err != nil {
			return Change{}, err
		}
		p.Password, p.HasPassword = phc, true
		return Change{Person: p, Action: "account.password_set", EndSessions: true, Reason: "password changed",
			Detail: map[string]any{"by": "set-up link"}}, nil
	})
	switch {
	case errors.Is(err, ErrNoSuch):
		return Account{}, codeSetupLink.New("This link was used, replaced or has run out.")
	case errors.Is(err, ErrTaken):
		return Account{}, codeUsernameTaken.New("There is already an account %q.", username).WithField("username", "is taken")
	case err != nil:
		return Account{}, fmt.Errorf("set up account: %w", err)
	}
	return a, nil
}

// foundBySetup makes the first administrator from the printed link.
func (s *Service) foundBySetup(in SetUp, username string, st Standing, phc string) (Change, error) {
	if err := notFounded(st); err != nil {
		return Change{}, err
	}
	n := NewAccount{Username: username, Name: strings.TrimSpace(in.Name), Roles: []Role{RoleAdmin}, Password: in.Password}
	if n.Name == "" {
		n.Name = username
	}
	if err := n.check(); err != nil {
		return Change{}, err
	}
	p := Person{Account: Account{ID: AccountID(s.newID()), Username: n.Username, Name: n.Name, Roles: n.Roles,
		Founder: true, HasPassword: true}, Credentials: Credentials{Password: phc}}
	return Change{Person: p, Action: "account.created", Detail: map[string]any{"by": "set-up link", "roles": n.Roles}}, nil
}
