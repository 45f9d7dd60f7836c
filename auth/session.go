package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"wardline/audit"
)

// accessClaims are what an access token says. The server trusts them for
// AccessLife on routes that neither destroy nor grant.
type accessClaims struct {
	jwt.RegisteredClaims
	Session  SessionID `json:"sid"`
	Username string    `json:"username"`
	Name     string    `json:"name,omitempty"`
	Roles    []Role    `json:"roles"`
	Scope    Scope     `json:"scope,omitzero"`
	Factor   Factor    `json:"factor"`
	Founding bool      `json:"founding,omitempty"`
	Second   bool      `json:"second_factor,omitempty"`
	Waiting  []Wait    `json:"waiting,omitempty"`
}

// principalOf makes the principal of a session.
func principalOf(session Session, p Person, st Standing) Principal {
	principal := Principal{Account: p.ID, Username: p.Username, Name: p.Name, Roles: p.Roles, Scope: p.Scope,
		Session: session.ID, Factor: session.Factor, Audience: session.Audience,
		Founding: founding(p.Account, st), HasSecondFactor: p.HasSecondFactor, Now: st.Now,
		ConfirmsAlone: st.aloneConfirms(p.ID), PasskeyOnly: p.confirmsByPasskeyOnly(st)}
	if principal.Founding {
		principal.FoundingEnds, principal.FoundingLeft = st.FoundedAt.Add(FoundingLife), max(0, FoundingDevices-st.FoundingDevices)
	} else {
		principal.Waiting = p.Waiting(st)
	}
	return principal
}

// founding reports whether the first admin may still act on devices (SAFETY 4).
func founding(a Account, st Standing) bool {
	return a.Founder && !st.FoundingEnded && st.Approvers < 2 && !st.FoundedAt.IsZero() && st.Now.Before(st.FoundedAt.Add(FoundingLife))
}

// grant signs the access token of a session.
func (s *Service) grant(session Session, p Person, st Standing, refresh string) (Granted, error) {
	principal := principalOf(session, p, st)
	now := s.now()
	text, err := s.keys.sign(accessClaims{
		RegisteredClaims: jwt.RegisteredClaims{Issuer: tokenIssuer, Subject: string(p.ID),
			Audience: jwt.ClaimStrings{string(session.Audience)}, ID: s.newID(),
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(AccessLife))},
		Session: session.ID, Username: p.Username, Name: p.Name, Roles: p.Roles, Scope: p.Scope,
		Factor: session.Factor, Founding: principal.Founding, Second: p.HasSecondFactor, Waiting: principal.Waiting,
	})
	if err != nil {
		return Granted{}, err
	}
	return Granted{AccessToken: text, ExpiresIn: AccessLife, RefreshToken: refresh,
		RefreshExpires: earlier(session.ExpiresAt, session.IdleUntil), Principal: principal}, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Refresh exchanges a refresh token for a new access token and the next refresh
// token. A refresh token that was exchanged before is stolen, by whoever shows
// it now or by whoever came first: the session ends for both.
func (s *Service) Refresh(ctx context.Context, audience Audience, token, remote, via string) (Granted, error) {
	if !strings.HasPrefix(token, prefixRefresh) {
		return Granted{}, signInNeeded("Your session has ended.")
	}
	next, hash, err := newSecret(prefixRefresh)
	if err != nil {
		return Granted{}, err
	}
	by := audit.Actor{Kind: audit.ActorNobody, ID: SourceOf(remote), Via: via}
	session, p, st, reused, err := s.storage.Rotate(ctx, hashOf(token), hash, by, func(session Session, p Person, st Standing) (Session, error) {
		if !session.Live(st.Now) || p.Disabled || session.Audience != audience {
			return session, ErrNoSuch
		}
		session.RefreshAt = st.Now
		session.Generation++
		if session.Audience == AudienceAdmin {
			session.IdleUntil = st.Now.Add(SessionIdle)
		}
		return session, nil
	})
	switch {
	case errors.Is(err, ErrNoSuch):
		return Granted{}, signInNeeded("Your session has ended.")
	case err != nil:
		return Granted{}, fmt.Errorf("refresh session: %w", err)
	case reused:
		return Granted{}, signInNeeded("Your session was ended because it was used from two places. Sign in again, and tell the security officer if that was not you.")
	}
	return s.grant(session, p, st, next)
}

// Authenticate says who sends a bearer text, an access token or an API token, to
// a listener of the given audience. For people it trusts the access token, which
// is at most AccessLife old; routes that destroy or grant call AuthenticateFresh.
func (s *Service) Authenticate(ctx context.Context, audience Audience, bearer string) (Principal, error) {
	if strings.HasPrefix(bearer, prefixToken) {
		return s.authenticateToken(ctx, audience, bearer)
	}
	var c accessClaims
	err := s.keys.verify(ctx, bearer, string(audience), AccessLife, &c)
	if err != nil {
		if errors.Is(err, jwt.ErrTokenExpired) {
			return Principal{}, signInNeeded("Your access token has run out: refresh it or sign in again.")
		}
		if errors.Is(err, errKeysUnread) {
			return Principal{}, fmt.Errorf("authenticate: %w", err)
		}
		return Principal{}, signInNeeded("You are not signed in.")
	}
	return Principal{Account: AccountID(c.Subject), Username: c.Username, Name: c.Name, Roles: c.Roles, Scope: c.Scope,
		Session: c.Session, Factor: c.Factor, Audience: audience, Founding: c.Founding, HasSecondFactor: c.Second, Waiting: c.Waiting,
		Now: s.now()}, nil
}

// AuthenticateFresh is Authenticate with session and account read from the
// database: an ended session, a disabled account or a role taken away counts at
// once.
func (s *Service) AuthenticateFresh(ctx context.Context, audience Audience, bearer string) (Principal, error) {
	p, err := s.Authenticate(ctx, audience, bearer)
	if err != nil || p.IsToken() {
		return p, err // API tokens are read from the database each time
	}
	session, person, st, err := s.storage.Session(ctx, p.Session)
	if errors.Is(err, ErrNoSuch) {
		return Principal{}, signInNeeded("Your session has ended.")
	}
	if err != nil {
		return Principal{}, fmt.Errorf("authenticate: %w", err)
	}
	if !session.Live(st.Now) || person.Disabled || session.Audience != audience || session.Account != p.Account {
		return Principal{}, signInNeeded("Your session has ended.")
	}
	return principalOf(session, person, st), nil
}

// Logout ends the principal's own session.
func (s *Service) Logout(ctx context.Context, p Principal) error {
	_, err := s.storage.EndSessions(ctx, p.Actor(), p.Account, p.Session, "", "signed out")
	return err
}

// Sessions lists somebody's live sessions: one's own, or with SessionsManage
// anybody's.
func (s *Service) Sessions(ctx context.Context, p Principal, account AccountID) ([]Session, error) {
	if err := s.ownOr(p, account, SessionsManage); err != nil {
		return nil, err
	}
	return s.storage.Sessions(ctx, account)
}

// EndSession ends one session of an account, or all of them when only is empty.
// One's own present session survives the latter.
func (s *Service) EndSession(ctx context.Context, p Principal, account AccountID, only SessionID) (int, error) {
	if err := s.ownOr(p, account, SessionsManage); err != nil {
		return 0, err
	}
	except := SessionID("")
	if account == p.Account && only == "" {
		except = p.Session
	}
	return s.storage.EndSessions(ctx, p.Actor(), account, only, except, "ended by "+p.Username)
}

// ownOr allows people what is their own, and others what the right says.
func (s *Service) ownOr(p Principal, account AccountID, permission Permission) error {
	if account == p.Account && !p.IsToken() {
		return Authorise(p, SelfManage, Anywhere)
	}
	return Authorise(p, permission, Anywhere)
}
