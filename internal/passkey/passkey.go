package passkey

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"wardline/auth"
	"wardline/internal/fault"
)

var codeNeedName = fault.Define(fault.Conflict, "passkeys_need_a_name",
	"Give the server a name with --admin-url, such as https://wardline.hospital.example: browsers bind passkeys to a name and refuse an address of numbers. Until then an authenticator app is the second factor.")

// Options say for which pages passkeys are made.
type Options struct {
	// AdminURL is the console's address as people see it. Its host is what passkeys
	// are bound to: localhost, or a name with a dot.
	AdminURL string
	// Also names further addresses of the same host; may be nil.
	Also func() []string
	// Product is what browsers show.
	Product string
}

// Service is an auth.Authenticators. It is safe for concurrent use.
type Service struct {
	o    Options
	host string
	// unfit says why there can be no passkeys; nil: there can.
	unfit error
}

var _ auth.Authenticators = (*Service)(nil)

// New makes the service. An address that passkeys cannot be bound to is no
// reason not to start: whoever wants one is told then.
func New(o Options) *Service {
	s := &Service{o: o}
	u, err := url.Parse(o.AdminURL)
	if err == nil {
		s.host = strings.ToLower(u.Hostname())
	}
	switch {
	case s.host == "":
		s.unfit = codeNeedName.New("The console's address is not known, so there can be no passkeys.")
	case net.ParseIP(s.host) != nil:
		s.unfit = codeNeedName.New("The console is reached at %s, an address of numbers, so there can be no passkeys.", s.host)
	case s.host != "localhost" && !strings.Contains(strings.Trim(s.host, "."), "."):
		s.unfit = codeNeedName.New("The console is reached as %s, a name without a dot, so there can be no passkeys.", s.host)
	}
	return s
}

// party is the library, set up for the addresses of this moment.
func (s *Service) party() (*webauthn.WebAuthn, error) {
	if s.unfit != nil {
		return nil, s.unfit
	}
	var origins []string
	for _, a := range s.addresses() {
		if u, err := url.Parse(a); err == nil && strings.EqualFold(u.Hostname(), s.host) {
			origins = append(origins, u.Scheme+"://"+u.Host)
		}
	}
	w, err := webauthn.New(&webauthn.Config{
		RPID: s.host, RPDisplayName: s.o.Product, RPOrigins: origins, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			RequireResidentKey: protocol.ResidentKeyRequired(), ResidentKey: protocol.ResidentKeyRequirementRequired,
			UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("set up passkeys: %w", err)
	}
	return w, nil
}

func (s *Service) addresses() []string {
	list := []string{s.o.AdminURL}
	if s.o.Also != nil {
		list = append(list, s.o.Also()...)
	}
	return list
}

// user is a person as the library wants one.
type user struct {
	auth.PasskeyUser
	credentials []webauthn.Credential
}

func (u user) WebAuthnID() []byte                         { return []byte(u.ID) }
func (u user) WebAuthnName() string                       { return u.Username }
func (u user) WebAuthnDisplayName() string                { return u.Name }
func (u user) WebAuthnCredentials() []webauthn.Credential { return u.credentials }

func userOf(who auth.PasskeyUser) (user, error) {
	u := user{PasskeyUser: who}
	for _, k := range who.Passkeys {
		var c webauthn.Credential
		if err := json.Unmarshal(k.Record, &c); err != nil {
			return u, fmt.Errorf("read passkey %s: %w", k.ID, err)
		}
		u.credentials = append(u.credentials, c)
	}
	return u, nil
}

func (u user) descriptors() []protocol.CredentialDescriptor {
	return webauthn.Credentials(u.credentials).CredentialDescriptors()
}

// question encodes what the browser and what the server gets.
func question(options any, session *webauthn.SessionData) (json.RawMessage, []byte, error) {
	asked, err := json.Marshal(options)
	if err != nil {
		return nil, nil, fmt.Errorf("write question to an authenticator: %w", err)
	}
	state, err := json.Marshal(session)
	if err != nil {
		return nil, nil, fmt.Errorf("keep question to an authenticator: %w", err)
	}
	return asked, state, nil
}

func sessionOf(state []byte) (webauthn.SessionData, error) {
	var session webauthn.SessionData
	if err := json.Unmarshal(state, &session); err != nil {
		return session, fmt.Errorf("read question to an authenticator: %w", err)
	}
	return session, nil
}

// BeginRegistration implements auth.Authenticators.
func (s *Service) BeginRegistration(who auth.PasskeyUser) (json.RawMessage, []byte, error) {
	w, err := s.party()
	if err != nil {
		return nil, nil, err
	}
	u, err := userOf(who)
	if err != nil {
		return nil, nil, err
	}
	options, session, err := w.BeginRegistration(u, webauthn.WithExclusions(u.descriptors()))
	if err != nil {
		return nil, nil, fmt.Errorf("begin to register a passkey: %w", err)
	}
	return question(options.Response, session)
}

// FinishRegistration implements auth.Authenticators.
func (s *Service) FinishRegistration(who auth.PasskeyUser, state, response []byte) (auth.Passkey, error) {
	w, err := s.party()
	if err != nil {
		return auth.Passkey{}, err
	}
	u, err := userOf(who)
	if err != nil {
		return auth.Passkey{}, err
	}
	session, err := sessionOf(state)
	if err != nil {
		return auth.Passkey{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return auth.Passkey{}, refused(err)
	}
	c, err := w.CreateCredential(u, session, parsed)
	if err != nil {
		return auth.Passkey{}, refused(err)
	}
	for _, have := range who.Passkeys {
		if have.ID == nameOf(c) {
			return auth.Passkey{}, refused(errors.New("this passkey is registered already"))
		}
	}
	return record(c)
}

// BeginAssertion implements auth.Authenticators.
func (s *Service) BeginAssertion(who *auth.PasskeyUser) (json.RawMessage, []byte, error) {
	w, err := s.party()
	if err != nil {
		return nil, nil, err
	}
	verified := webauthn.WithUserVerification(protocol.VerificationRequired)
	if who == nil {
		options, session, err := w.BeginDiscoverableLogin(verified)
		if err != nil {
			return nil, nil, fmt.Errorf("begin to ask for a passkey: %w", err)
		}
		return question(options.Response, session)
	}
	u, err := userOf(*who)
	if err != nil {
		return nil, nil, err
	}
	options, session, err := w.BeginLogin(u, verified)
	if err != nil {
		return nil, nil, fmt.Errorf("begin to ask for a passkey: %w", err)
	}
	return question(options.Response, session)
}

// ClaimedBy implements auth.Authenticators.
func (s *Service) ClaimedBy(response []byte) (auth.AccountID, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return "", refused(err)
	}
	return auth.AccountID(parsed.Response.UserHandle), nil
}

// FinishAssertion implements auth.Authenticators.
func (s *Service) FinishAssertion(who auth.PasskeyUser, state, response []byte) (auth.Passkey, error) {
	w, err := s.party()
	if err != nil {
		return auth.Passkey{}, err
	}
	u, err := userOf(who)
	if err != nil {
		return auth.Passkey{}, err
	}
	session, err := sessionOf(state)
	if err != nil {
		return auth.Passkey{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return auth.Passkey{}, refused(err)
	}
	var c *webauthn.Credential
	if len(session.UserID) == 0 {
		find := func(_, handle []byte) (webauthn.User, error) {
			if string(handle) != string(who.ID) {
				return nil, errors.New("another person's passkey")
			}
			return u, nil
		}
		_, c, err = w.ValidatePasskeyLogin(find, session, parsed)
	} else {
		c, err = w.ValidateLogin(u, session, parsed)
	}
	if err != nil {
		return auth.Passkey{}, refused(err)
	}
	if c.Authenticator.CloneWarning {
		return auth.Passkey{}, auth.ErrClonedPasskey
	}
	return record(c)
}

// refused hides from outsiders what exactly was wrong with an answer.
func refused(err error) error { return fmt.Errorf("%w: %w", auth.ErrBadPasskey, err) }

// record is what is kept of a credential. Attestation is not asked for, and what
// came of it all the same is of no use.
func record(c *webauthn.Credential) (auth.Passkey, error) {
	c.Attestation = webauthn.CredentialAttestation{}
	kept, err := json.Marshal(c)
	if err != nil {
		return auth.Passkey{}, fmt.Errorf("keep a passkey: %w", err)
	}
	return auth.Passkey{ID: nameOf(c), Record: kept}, nil
}

func nameOf(c *webauthn.Credential) string { return base64.RawURLEncoding.EncodeToString(c.ID) }
