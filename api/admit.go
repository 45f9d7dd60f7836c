package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"wardline/auth"
	"wardline/internal/fault"
	"wardline/internal/once"
)

type (
	principalKey struct{}
	pendingKey   struct{}
)

// principalOf is who makes the request. Routes open to anyone have none.
func principalOf(ctx context.Context) auth.Principal {
	p, _ := ctx.Value(principalKey{}).(auth.Principal)
	return p
}

// admit authenticates, asks auth whether this person may do such a thing at all,
// reads the body and notes the Idempotency-Key. It answers the problem itself
// and returns false when the request goes no further. The order matters: nothing
// is read from somebody who is not let in.
func (a *API) admit(c *gin.Context, who access, limit int64) bool {
	ctx := c.Request.Context()
	if !who.open {
		p, err := a.authenticate(c, who)
		if err == nil {
			err = auth.Authorise(p, who.permission, auth.Anywhere)
		}
		if err != nil {
			a.fail(c, err)
			return false
		}
		ctx = context.WithValue(ctx, principalKey{}, p)
	}
	if c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead {
		body, err := readBody(c, limit)
		if err == nil {
			ctx, err = a.noteKey(ctx, c, body)
		}
		if err != nil {
			a.fail(c, err)
			return false
		}
	}
	c.Request = c.Request.WithContext(ctx)
	return true
}

// fail answers err as a problem from a plain gin handler.
func (a *API) fail(c *gin.Context, err error) {
	writeProblem(c, problemOf(c.Request.Context(), a.log, err))
}

// authenticate finds out who is asking. Whatever is wrong with the credential,
// the answer is the same: it tells nobody how close a guess was.
func (a *API) authenticate(c *gin.Context, who access) (auth.Principal, error) {
	check := a.auth.Authenticate
	if who.fresh {
		check = a.auth.AuthenticateFresh
	}
	var p auth.Principal
	var err error
	for _, audience := range who.audiences() {
		p, err = check(c.Request.Context(), audience, bearerOf(c.Request))
		if f, refused := fault.As(err); err == nil || !refused || f.Code.Category != fault.Unauthenticated {
			break
		}
	}
	if f, refused := fault.As(err); refused && f.Code.Category == fault.Unauthenticated {
		return auth.Principal{}, f.Code.New("Sign in first, or sign in again.")
	}
	if err != nil {
		return auth.Principal{}, err
	}
	p.Via = via(c.Request)
	return p, nil
}

// bearerOf is the credential of a request; empty: none.
func bearerOf(r *http.Request) string {
	scheme, bearer, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return bearer
}

// via names the program for the audit log, as far as it says so itself.
func via(r *http.Request) string {
	switch {
	case strings.HasPrefix(r.URL.Path, prefix+"/self/"):
		return "self-service"
	case strings.HasPrefix(r.UserAgent(), "wardline-cli"):
		return "cli"
	case r.Header.Get("Sec-Fetch-Site") == "same-origin":
		return "console"
	}
	return "api"
}

const keyLimit = 128

// noteKey remembers the Idempotency-Key of a write until the effect is wanted.
func (a *API) noteKey(ctx context.Context, c *gin.Context, body []byte) (context.Context, error) {
	key := c.GetHeader("Idempotency-Key")
	if key == "" {
		return ctx, nil
	}
	if len(key) > keyLimit || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ctx, fault.CodeInvalid.New("The Idempotency-Key is 1 to %d printable ASCII characters without spaces.", keyLimit).
			WithField("Idempotency-Key", "cannot be used")
	}
	p := principalOf(ctx)
	who := "account:" + string(p.Account)
	if p.IsToken() {
		who = "token:" + string(p.Token)
	}
	sum := sha256.New()
	for _, part := range []string{c.Request.Method, c.Request.URL.RequestURI(), string(body)} {
		// The length keeps parts from flowing into each other.
		sum.Write([]byte{byte(len(part) >> 24), byte(len(part) >> 16), byte(len(part) >> 8), byte(len(part))})
		sum.Write([]byte(part))
	}
	r := &once.Request{Principal: who, Key: key, Hash: hex.EncodeToString(sum.Sum(nil)), ID: requestID(ctx)}
	return context.WithValue(ctx, pendingKey{}, r), nil
}

// carryOut does an effect once. effect gets the context that its one write must
// use, and returns what it made as "<noun>:<id>". A repeated request gets the id
// of what the first one made, without any effect; the caller answers with the
// present view of it.
func (a *API) carryOut(ctx context.Context, effect func(ctx context.Context) (made string, err error)) (id string, err error) {
	r, _ := ctx.Value(pendingKey{}).(*once.Request)
	if r == nil {
		made, err := effect(ctx)
		return idOf(made), err
	}
	release, ok := a.underWay.claim(r.Principal + " " + r.Key)
	if !ok {
		return "", once.CodeInProgress.New("The same request is being carried out just now.")
	}
	defer release()
	if made, done, err := before(a.requests.FindRequest(ctx, r)); done || err != nil {
		return idOf(made), err
	}
	made, err := effect(once.With(ctx, r))
	if earlier, done, err := before(err); done {
		return idOf(earlier), err
	}
	if err != nil {
		return "", err
	}
	if !r.Noted() {
		if err := a.requests.RememberRequest(ctx, r, made); err != nil {
			return "", err
		}
	}
	return idOf(made), nil
}

// before tells "carried out before" from other errors.
func before(err error) (made string, done bool, _ error) {
	var d *once.Done
	if errors.As(err, &d) {
		return d.Resource, true, nil
	}
	return "", false, err
}

func idOf(made string) string {
	_, id, _ := strings.Cut(made, ":")
	return id
}
