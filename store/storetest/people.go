package storetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"wardline/audit"
	"wardline/auth"
	"wardline/internal/fault"
	"wardline/internal/seal"
	"wardline/store"
)

func init() { register("people", suitePeople) }

func suitePeople(t *testing.T, h *Harness) {
	suiteAccounts(t, h)
	suiteSignIn(t, h)
	suiteProofs(t, h)
	suiteCooling(t, h)
	suiteRecovery(t, h)
}

// people is a hospital's staff on a store, with their service.
type people struct {
	t     *testing.T
	h     *Harness
	store *store.Store
	auth  *auth.Service
	ctx   context.Context
}

const (
	// A password of the staff, and the seed of everybody's authenticator app.
	staffPassword = "seven green bicycles"
	staffSeed     = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	wardSource    = "10.1.2.3:5555"
)

var (
	onTheHost = audit.Actor{Kind: audit.ActorLocal, ID: "local:root"}
	quickHash = auth.HashParams{MemoryKiB: 64, Passes: 1, Lanes: 1}
	masterKey = [seal.KeySize]byte{1}
)

func newPeople(t *testing.T, h *Harness) *people {
	t.Helper()
	return peopleOn(t, h, h.Store())
}

// peopleOn starts a service on a store: a server. The staff that hire makes has
// been there for long.
func peopleOn(t *testing.T, h *Harness, s *store.Store) *people {
	t.Helper()
	return serverOn(t, h, s, true)
}

// strictly is the same hospital as a server sees it that has no staff of long
// standing: whoever is hired is new.
func (p *people) strictly() *people {
	p.t.Helper()
	return serverOn(p.t, p.h, p.store, false)
}

func serverOn(t *testing.T, h *Harness, s *store.Store, furnished bool) *people {
	t.Helper()
	key, err := seal.New(masterKey[:])
	if err != nil {
		t.Fatal(err)
	}
	service, err := auth.New(context.Background(), auth.Options{Storage: s, Master: key, Now: h.Clock.Now, Furnished: furnished,
		Hash: quickHash, AdminURL: "https://wardline.hospital.example"})
	if err != nil {
		t.Fatal(err)
	}
	return &people{t: t, h: h, store: s, auth: service, ctx: context.Background()}
}

// founded is newPeople with a first administrator called root.
func founded(t *testing.T, h *Harness) *people {
	t.Helper()
	p := newPeople(t, h)
	_, err := p.auth.BootstrapFirstAdmin(p.ctx, onTheHost, auth.NewAccount{Username: "root", Password: staffPassword, TOTPSeed: staffSeed})
	p.must(err)
	return p
}

func (p *people) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// refused checks that err is the fault with this code.
func (p *people) refused(err error, code string) {
	p.t.Helper()
	if f, ok := fault.As(err); !ok || f.Code.Name != code {
		p.t.Fatalf("got %v, not a fault %q", err, code)
	}
}

// hire makes an account with password and authenticator app.
func (p *people) hire(username string, roles ...auth.Role) auth.AccountID {
	p.t.Helper()
	created, err := p.auth.CreateAccountLocally(p.ctx, onTheHost, auth.NewAccount{Username: username, Name: username, Roles: roles,
		Password: staffPassword, TOTPSeed: staffSeed})
	p.must(err)
	return created.Account.ID
}

// code is what the authenticator app shows now.
func (p *people) code() string {
	p.t.Helper()
	code, err := totp.GenerateCode(staffSeed, p.h.Clock.Now())
	p.must(err)
	return code
}

// freshCode moves on until the app shows a code that was not used before.
func (p *people) freshCode() string {
	p.h.Clock.Advance(30 * time.Second)
	return p.code()
}

func (p *people) login(username string) auth.Login {
	return auth.Login{Audience: auth.AudienceAdmin, Username: username, Password: staffPassword, OTP: p.code(), Remote: wardSource, Via: "test"}
}

// signIn signs in with a code that was not used before.
func (p *people) signIn(username string) auth.Granted {
	p.t.Helper()
	p.freshCode()
	granted, err := p.auth.Login(p.ctx, p.login(username))
	p.must(err)
	return granted
}

// fresh is the principal as routes that destroy or grant see it.
func (p *people) fresh(g auth.Granted) (auth.Principal, error) {
	return p.auth.AuthenticateFresh(p.ctx, auth.AudienceAdmin, g.AccessToken)
}

// recorded counts the events of an action in the log, and checks that the chain
// is whole.
func (p *people) recorded(action audit.Action) int {
	p.t.Helper()
	mustBeWhole(p.t, p.store)
	n := 0
	for link, err := range p.store.AuditLinks(p.ctx) {
		p.must(err)
		for _, e := range link.Events {
			event, err := audit.Parse(e.Body)
			p.must(err)
			if event.Action == action {
				n++
			}
			for _, secret := range []string{staffPassword, staffSeed, "argon2id", "wlt_", "wlr_", "wls_", "wlp_"} {
				if strings.Contains(string(e.Body), secret) {
					p.t.Fatalf("the audit log holds a secret: %s", e.Body)
				}
			}
		}
	}
	return n
}
