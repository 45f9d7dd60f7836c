package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"wardline/internal/fault"
)

// NewToken describes an API token to be made.
type NewToken struct {
	Name      string
	Scope     TokenScope
	ExpiresIn time.Duration // at most TokenMaxLife
}

// CreateToken makes an API token for a program of one's own. The text is shown
// once. A token can do at most what its owner can, at every moment, and never
// what is in neverByToken.
func (s *Service) CreateToken(ctx context.Context, p Principal, n NewToken) (Token, string, error) {
	if err := Authorise(p, TokensOwn, Anywhere); err != nil {
		return Token{}, "", err
	}
	n.Name = strings.TrimSpace(n.Name)
	if err := n.check(p); err != nil {
		return Token{}, "", err
	}
	secret, hash, err := newSecret(prefixToken)
	if err != nil {
		return Token{}, "", err
	}
	t, err := s.storage.AddToken(ctx, p.Actor(), Token{ID: TokenID(s.newID()), Account: p.Account, Name: n.Name,
		Scope: n.Scope}, n.ExpiresIn, hash)
	if err != nil {
		return Token{}, "", fmt.Errorf("create API token: %w", err)
	}
	return t, secret, nil
}

func (n NewToken) check(p Principal) error {
	f := fault.CodeInvalid.New("The API token cannot be made as it is described.")
	if n.Name == "" || len(n.Name) > 100 {
		f.WithField("name", "is 1 to 100 bytes: what will use the token?")
	}
	if n.ExpiresIn <= 0 || n.ExpiresIn > TokenMaxLife {
		f.WithField("expires_in", "is more than nothing and at most a year")
	}
	if len(n.Scope.Permissions) == 0 {
		f.WithField("scope.permissions", "needs at least one right")
	}
	for i, permission := range n.Scope.Permissions {
		switch {
		case neverByToken[permission]:
			f.WithField(fmt.Sprintf("scope.permissions[%d]", i), "%s can never be given to an API token", permission)
		case !Can(p, permission):
			f.WithField(fmt.Sprintf("scope.permissions[%d]", i), "you do not have %q yourself", permission)
		}
	}
	for i, kind := range n.Scope.Kinds {
		if !kind.Valid() {
			f.WithField(fmt.Sprintf("scope.kinds[%d]", i), "there is no command %q", kind)
		}
	}
	for i, class := range n.Scope.Classes {
		if !class.Valid() {
			f.WithField(fmt.Sprintf("scope.classes[%d]", i), "there is no class %q", class)
		}
	}
	if len(f.Fields) > 0 {
		return f
	}
	return nil
}

// authenticateToken says whose API token this is.
func (s *Service) authenticateToken(ctx context.Context, audience Audience, text string) (Principal, error) {
	t, person, st, err := s.storage.TokenByHash(ctx, hashOf(text))
	if err != nil && !errors.Is(err, ErrNoSuch) {
		return Principal{}, fmt.Errorf("authenticate: %w", err)
	}
	if err != nil || audience != AudienceAdmin || !t.RevokedAt.IsZero() || !st.Now.Before(t.ExpiresAt) || person.Disabled {
		return Principal{}, signInNeeded("This API token is not good here.")
	}
	// Founding is lent to the person, not to programs.
	return Principal{Account: person.ID, Username: person.Username, Name: person.Name, Roles: person.Roles,
		Scope: person.Scope, Token: t.ID, TokenScope: &t.Scope, Factor: FactorToken, Waiting: person.Waiting(st), Audience: audience, Now: st.Now}, nil
}

// Tokens lists one's own API tokens; with TokensManage somebody else's, or all
// when account is empty.
func (s *Service) Tokens(ctx context.Context, p Principal, account AccountID) ([]Token, error) {
	permission := TokensManage
	if account == p.Account {
		permission = TokensOwn
	}
	if err := Authorise(p, permission, Anywhere); err != nil {
		return nil, err
	}
	return s.storage.Tokens(ctx, account)
}

// RevokeToken ends an API token: one's own, or with TokensManage anybody's.
func (s *Service) RevokeToken(ctx context.Context, p Principal, id TokenID) error {
	if p.IsToken() {
		return codeTokenScope.New("An API token cannot revoke tokens.")
	}
	err := s.storage.RevokeToken(ctx, p.Actor(), id, func(t Token) error {
		if t.Account == p.Account || Can(p, TokensManage) {
			return nil
		}
		return ErrNoSuch
	})
	return hidden(err, "API token")
}
