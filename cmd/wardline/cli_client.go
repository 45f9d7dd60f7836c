package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"wardline/internal/fault"
)

// remote are the flags of every command that talks to a server.
type remote struct {
	Server string `help:"Address of the server's console. Default: the one of the last login." placeholder:"URL"`
	CAFile string `help:"PEM file with the server's CA: nothing else is trusted." placeholder:"FILE" type:"existingfile" name:"ca-file"`
	Token  string `help:"API token to use in place of a session." placeholder:"TOKEN"`
	JSON   bool   `help:"Print JSON." name:"json"`
}

// client talks to the REST API of one server.
type client struct {
	http    *http.Client
	base    string
	session session
	token   string
	// stored: the session came from, and goes back to, the file.
	stored bool
}

const refreshCookie = "wardline_refresh"

var errNoServer = errors.New("no server is known: run `wardline login --server https://...` first, or name it with --server")

// connect prepares a client from flags and the stored session.
func (r remote) connect() (*client, error) {
	s, err := loadSession()
	if err != nil {
		return nil, err
	}
	c := &client{session: s, token: r.Token, base: strings.TrimSuffix(r.Server, "/"), stored: true}
	if c.base == "" {
		c.base = s.Server
	}
	if c.base == "" {
		return nil, errNoServer
	}
	if c.base != s.Server {
		// A session belongs to the server that made it: its token is sent to no other.
		c.session = session{Server: c.base}
	}
	if r.CAFile != "" {
		pem, err := os.ReadFile(r.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read --ca-file: %w", err)
		}
		c.session.CA = string(pem)
	}
	return c, c.dialer()
}

func (c *client) dialer() error {
	u, err := url.Parse(c.base)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return exitStatus{exitUsage, fmt.Errorf("%q is not an address such as https://wardline.example.org", c.base)}
	}
	if u.Scheme == "http" && u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1" && u.Hostname() != "::1" {
		return exitStatus{exitUsage, errors.New("plain http is used for localhost only: a password would travel in clear")}
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 90 * time.Second}
	if c.session.CA != "" {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM([]byte(c.session.CA)) {
			return exitStatus{exitUsage, errors.New("--ca-file holds no PEM certificate")}
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // the API never redirects; a token must not follow one
	}}
	return nil
}

// problem is an error answer of the server.
type problem struct {
	Status    int           `json:"status"`
	Code      string        `json:"code"`
	Detail    string        `json:"detail"`
	Help      string        `json:"help"`
	Errors    []fault.Field `json:"errors"`
	RequestID string        `json:"request_id"`
	StepUpURL string        `json:"step_up_url"`
	UserCode  string        `json:"user_code"`
}

func (p *problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Detail)
	for _, f := range p.Errors {
		fmt.Fprintf(&b, "\n  %s: %s", f.Name, f.Detail)
	}
	if p.Help != "" {
		b.WriteString("\n" + p.Help)
	}
	if p.Status >= http.StatusInternalServerError {
		fmt.Fprintf(&b, "\nRequest %s", p.RequestID)
	}
	return b.String()
}

// exit is the exit code for the problem: a refusal is not an error.
func (p *problem) exit() error {
	switch p.Status {
	case http.StatusConflict, http.StatusForbidden:
		return exitStatus{exitRefused, p}
	case http.StatusUnprocessableEntity, http.StatusBadRequest:
		return exitStatus{exitUsage, p}
	}
	return exitStatus{exitError, p}
}

// call is one request.
type call struct {
	method, path string
	query        url.Values
	body         any
	header       http.Header
}

// do sends a request and decodes the answer into out (nil: ignored). An access
// token that ran out is renewed once with the refresh cookie.
func (c *client) do(ctx context.Context, req call, out any) error {
	if err := c.fresh(ctx); err != nil {
		return err
	}
	res, err := c.send(ctx, req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= http.StatusBadRequest {
		return readProblem(res)
	}
	if out == nil || res.StatusCode == http.StatusNoContent {
		return nil
	}
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		return fmt.Errorf("the answer of %s %s cannot be read: %w", req.method, req.path, err)
	}
	return nil
}

// fresh renews an access token that is about to run out.
func (c *client) fresh(ctx context.Context) error {
	if c.token != "" || c.session.Refresh == "" || time.Until(c.session.ExpiresAt) > 15*time.Second {
		return nil
	}
	return c.refresh(ctx)
}

// send makes the request as it is; the caller closes the body.
func (c *client) send(ctx context.Context, req call) (*http.Response, error) {
	target := c.base + "/api/v1" + req.path
	if len(req.query) > 0 {
		target += "?" + req.query.Encode()
	}
	var body io.Reader
	if req.body != nil {
		encoded, err := json.Marshal(req.body)
		if err != nil {
			return nil, fmt.Errorf("encode the request: %w", err)
		}
		body = bytes.NewReader(encoded)
	}
	r, err := http.NewRequestWithContext(ctx, req.method, target, body)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	for name, values := range req.header {
		r.Header[name] = values
	}
	if req.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("User-Agent", "wardline-cli")
	if bearer := c.bearer(); bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := c.http.Do(r)
	if err != nil {
		var urlErr *url.Error
		if errors.As(err, &urlErr) {
			err = urlErr.Err
		}
		return nil, fmt.Errorf("cannot reach %s: %w", c.base, err)
	}
	return res, nil
}

func (c *client) bearer() string {
	if c.token != "" {
		return c.token
	}
	return c.session.AccessToken
}

func readProblem(res *http.Response) error {
	p := &problem{Status: res.StatusCode}
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil || json.Unmarshal(body, p) != nil || p.Detail == "" {
		p.Detail = "the server answered " + res.Status
	}
	p.Status = res.StatusCode
	return p
}

// refresh trades the refresh cookie for a new access token and the next cookie.
// Two programs must not both use the same cookie: the server would take the
// second for a thief. So they take turns, and the second finds the first's token.
func (c *client) refresh(ctx context.Context) error {
	unlock, err := lockSession()
	if err != nil {
		return err
	}
	defer unlock()
	if s, err := loadSession(); err == nil && s.Server == c.base && s.Refresh != c.session.Refresh {
		c.session = s
		if time.Until(s.ExpiresAt) > time.Minute {
			return nil
		}
	}
	header := http.Header{"Cookie": {refreshCookie + "=" + c.session.Refresh}}
	c.session.AccessToken = ""
	res, err := c.send(ctx, call{method: http.MethodPost, path: "/auth/refresh", header: header})
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New("your session has ended: run `wardline login` again")
	}
	return c.signedIn(res)
}

// signedIn takes the tokens out of the answer to a login or refresh and stores them.
func (c *client) signedIn(res *http.Response) error {
	var answer struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return fmt.Errorf("the answer to the login cannot be read: %w", err)
	}
	c.session.AccessToken = answer.AccessToken
	c.session.ExpiresAt = time.Now().Add(time.Duration(answer.ExpiresIn) * time.Second)
	for _, cookie := range res.Cookies() {
		if cookie.Name == refreshCookie {
			c.session.Refresh = cookie.Value
		}
	}
	if !c.stored {
		return nil
	}
	return c.session.save()
}

// newKey is a fresh Idempotency-Key.
func newKey() string { return rand.Text() }
