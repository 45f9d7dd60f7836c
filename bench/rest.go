package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// rest is a person at the REST API.
type rest struct {
	base           string
	client         *http.Client
	user, password string
	// stepUp, when not empty, is sent along: the proof of a second factor.
	stepUp string

	mu      sync.Mutex
	token   string
	expires time.Time
}

func newREST(base, user, password string, dial func(context.Context, string, string) (net.Conn, error)) *rest {
	return &rest{base: base, user: user, password: password, client: &http.Client{Timeout: 10 * time.Minute, Transport: &http.Transport{
		// The server is this machine's own process: who it is, is not in question.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DialContext: dial, ForceAttemptHTTP2: true}}}
}

// refusal is an answer that is not a success.
type refusal struct {
	Status int
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.Status, r.Code, r.Detail) }

func hasCode(err error, code string) bool {
	var r *refusal
	return errors.As(err, &r) && r.Code == code
}

// do sends a request and decodes the answer into out, which may be nil.
func (r *rest) do(ctx context.Context, method, path string, body, out any) error {
	token, err := r.signedIn(ctx)
	if err != nil {
		return err
	}
	return r.send(ctx, method, path, token, body, out)
}

// signedIn returns an access token, signing in anew shortly before one ends.
func (r *rest) signedIn(ctx context.Context) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Until(r.expires) > time.Minute {
		return r.token, nil
	}
	var answer struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	err := r.send(ctx, http.MethodPost, "/auth/login", "", map[string]string{"username": r.user, "password": r.password}, &answer)
	if err != nil {
		return "", fmt.Errorf("sign in as %s: %w", r.user, err)
	}
	r.token, r.expires = answer.AccessToken, time.Now().Add(time.Duration(answer.ExpiresIn)*time.Second)
	return r.token, nil
}

func (r *rest) send(ctx context.Context, method, path, token string, body, out any) error {
	return r.exchange(ctx, method, r.base+"/api/v1"+path, token, body, out)
}

// post sends a request to any address, without a token.
func (r *rest) post(ctx context.Context, address string, body, out any) error {
	return r.exchange(ctx, http.MethodPost, address, "", body, out)
}

func (r *rest) exchange(ctx context.Context, method, address, token string, body, out any) error {
	var in io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case csvBody:
		in, kind = bytes.NewReader(b), "text/csv"
	default:
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		in = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, in)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", kind)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if r.stepUp != "" {
		req.Header.Set("Wardline-Step-Up", r.stepUp)
	}
	if method != http.MethodGet {
		req.Header.Set("Idempotency-Key", rand.Text())
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		refused := &refusal{Status: resp.StatusCode}
		if json.Unmarshal(answer, refused) != nil {
			refused.Detail = string(answer[:min(len(answer), 300)])
		}
		return fmt.Errorf("%s %s: %w", method, address, refused)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

// csvBody is sent as it is.
type csvBody []byte
