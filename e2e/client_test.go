package e2e

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

const password = "correct horse battery"

// person is somebody with an account, who talks to the REST API of whichever
// server h.admin names.
type person struct {
	t        *testing.T
	h        *hospital
	username string
	token    string
	seed     string
	// step is the time step of the newest one-time code that was used.
	step int64
}

// problem is an error answer.
type problem struct {
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Detail    string `json:"detail"`
	Help      string `json:"help"`
	UserCode  string `json:"user_code"`
	StepUpURL string `json:"step_up_url"`
}

type header map[string]string

// do sends a request. out gets the body of a 2xx; what is returned is zero then.
func (p *person) do(method, path string, body, out any, extra ...header) problem {
	p.t.Helper()
	refused, err := p.try(method, path, body, out, extra...)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	return refused
}

// try is do for a server that may be dead.
func (p *person) try(method, path string, body, out any, extra ...header) (problem, error) {
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return problem{}, err
		}
		reader = bytes.NewReader(encoded)
	}
	r, err := http.NewRequest(method, p.h.admin+"/api/v1"+path, reader)
	if err != nil {
		return problem{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	for _, h := range extra {
		for name, value := range h {
			r.Header.Set(name, value)
		}
	}
	res, err := p.h.http.Do(r)
	if err != nil {
		return problem{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return problem{}, err
	}
	if res.StatusCode >= http.StatusBadRequest {
		refused := problem{Status: res.StatusCode}
		if err := json.Unmarshal(raw, &refused); err != nil {
			refused.Detail = string(raw)
		}
		return refused, nil
	}
	if out != nil {
		return problem{}, json.Unmarshal(raw, out)
	}
	return problem{}, nil
}

// may is do for what has to be allowed.
func (p *person) may(method, path string, body, out any, extra ...header) {
	p.t.Helper()
	if refused := p.do(method, path, body, out, extra...); refused.Status != 0 {
		p.t.Fatalf("%s %s as %s is answered %d %s: %s", method, path, p.username, refused.Status, refused.Code, refused.Detail)
	}
}

// login signs in; without a seed, without a one-time code.
func (p *person) login() {
	p.t.Helper()
	body := map[string]string{"username": p.username, "password": password}
	if p.seed != "" {
		body["otp"] = p.otp()
	}
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	p.token = ""
	p.may(http.MethodPost, "/auth/login", body, &answer)
	p.token = answer.AccessToken
}

// authenticator gives the person a second factor.
func (p *person) authenticator() {
	p.t.Helper()
	var made struct {
		Seed string `json:"seed"`
	}
	p.may(http.MethodPost, "/auth/totp", map[string]string{"password": password}, &made)
	p.seed = made.Seed
	p.may(http.MethodPost, "/auth/totp/confirm", map[string]string{"otp": p.otp()}, nil)
}

// otp is a code that was not used before. The server takes those of the steps
// before and after its own: three in a row, then the next comes with time.
func (p *person) otp() string {
	p.t.Helper()
	code, step := oneTimeCode(p.t, p.seed, p.step)
	p.step = step
	return code
}

func oneTimeCode(t *testing.T, seed string, after int64) (string, int64) {
	t.Helper()
	const period = 30
	var step int64
	eventually(t, "there is a one-time code that was not used", func() bool {
		now := time.Now().Unix() / period
		step = max(after+1, now-1)
		// At the very end of a step the oldest code would be late on arrival.
		if step == now-1 && time.Now().Unix()%period > period-5 {
			step = now
		}
		return step <= now+1
	})
	code, err := hotp.GenerateCodeCustom(seed, uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		t.Fatal(err)
	}
	return code, step
}

// order is a command as the API shows it.
type order struct {
	ID           string `json:"id"`
	Kind         string `json:"kind"`
	State        string `json:"state"`
	StateWords   string `json:"state_words"`
	Unconfirmed  bool   `json:"unconfirmed"`
	WhyWaiting   string `json:"why_waiting"`
	Outcome      string `json:"outcome"`
	OutcomeWords string `json:"outcome_words"`
	OrderHash    string `json:"order_hash"`
	Attempt      int    `json:"attempt"`
	Receipt      string `json:"receipt"`
	ReceiptValid bool   `json:"receipt_valid"`
	Detail       struct {
		Location *fix `json:"location"`
	} `json:"detail"`
	Transitions []struct {
		From  string    `json:"from"`
		State string    `json:"state"`
		At    time.Time `json:"at"`
		Actor string    `json:"actor"`
	} `json:"transitions"`
}

type fix struct {
	Source string `json:"source"`
	Place  *struct {
		Name  string `json:"name"`
		Words string `json:"words"`
	} `json:"place"`
}

// ask asks a device for something and returns the command or the refusal.
func (p *person) ask(deviceID, kind string, more map[string]any, extra ...header) (order, problem) {
	p.t.Helper()
	body := map[string]any{"kind": kind, "reason": "tried from end to end"}
	for name, value := range more {
		body[name] = value
	}
	var made order
	refused := p.do(http.MethodPost, "/devices/"+deviceID+"/commands", body, &made, extra...)
	return made, refused
}

// asks is ask for what has to be allowed.
func (p *person) asks(deviceID, kind string, more map[string]any) order {
	p.t.Helper()
	made, refused := p.ask(deviceID, kind, more)
	if refused.Status != 0 {
		p.t.Fatalf("%s of %s is refused: %d %s: %s", kind, deviceID, refused.Status, refused.Code, refused.Detail)
	}
	return made
}

// destroys is asks for what needs a step-up.
func (p *person) destroys(deviceID, kind string) order {
	p.t.Helper()
	_, refused := p.ask(deviceID, kind, nil)
	if refused.Code != "step_up_required" || refused.UserCode == "" || refused.StepUpURL == "" {
		p.t.Fatalf("%s without a step-up is answered %+v, want step_up_required with a code and an address", kind, refused)
	}
	var proof struct {
		StepUp string `json:"step_up"`
	}
	p.may(http.MethodPost, "/auth/step-up", map[string]string{"otp": p.otp(), "device_id": deviceID}, &proof)
	made, refused := p.ask(deviceID, kind, nil, header{"Wardline-Step-Up": proof.StepUp})
	if refused.Status != 0 {
		p.t.Fatalf("%s with a step-up is refused: %d %s: %s", kind, refused.Status, refused.Code, refused.Detail)
	}
	return made
}

// command looks at a command.
func (p *person) command(id string) order {
	p.t.Helper()
	var found order
	p.may(http.MethodGet, "/commands/"+id, nil, &found)
	return found
}

// becomes waits until the command is in one of the states.
func (p *person) becomes(id string, states ...string) order {
	p.t.Helper()
	var found order
	defer func() {
		if p.t.Failed() {
			p.t.Logf("command %s is %s: %s", id, found.State, found.WhyWaiting)
		}
	}()
	eventually(p.t, fmt.Sprintf("command %s becomes %v", id, states), func() bool {
		// A server may be starting.
		refused, err := p.try(http.MethodGet, "/commands/"+id, nil, &found)
		if err != nil || refused.Status != 0 {
			return false
		}
		for _, s := range states {
			if found.State == s {
				return true
			}
		}
		return false
	})
	return found
}

// browser trusts the hospital's own authority and nothing else.
func browser(t *testing.T, rootPEM []byte) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(rootPEM) {
		t.Fatal("the data folder holds no root certificate")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}
