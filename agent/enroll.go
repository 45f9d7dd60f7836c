package agent

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// bootstrapRequest is the body of POST /enroll/v1: a device that holds a code
// asks how to go on. The server's side of it is in package enroll.
type bootstrapRequest struct {
	Code   string `json:"code"`
	Serial string `json:"serial"`
	Maker  string `json:"maker,omitempty"`
	Model  string `json:"model,omitempty"`
}

// bootstrapResponse is what this client reads of the answer.
type bootstrapResponse struct {
	DeviceURL     string    `json:"device_url"`
	SCEPURL       string    `json:"scep_url"`
	Challenge     string    `json:"challenge"`
	CAChain       [][]byte  `json:"ca_chain"`
	CAFingerprint string    `json:"ca_fingerprint"`
	ServerTime    time.Time `json:"server_time"`
}

// EnrollRequest says where to enroll and by what right.
type EnrollRequest struct {
	// Server is the address of the device listener, such as
	// "https://devices.hospital.example:8444".
	Server string
	// Code is the invitation's code as printed or scanned.
	Code string
	// CAFingerprint pins the server: the hexadecimal SHA-256 of the root
	// certificate. Without it the system's trust store decides.
	CAFingerprint string
	// Serial is the maker's serial number, which the invitation is checked
	// against. Empty: as the driver's inventory says.
	Serial string
	// Waiting, when set, is called each time the server has said that a person
	// has to agree first.
	Waiting func()
}

// ErrWaitsForApproval is in the chain of what Enroll returns when its context
// ended while a person still had to agree. Calling it again goes on waiting.
var ErrWaitsForApproval = errors.New("a person has to agree to the enrollment and has not done so yet")

// ErrEnrollmentRefused is in the chain of what Enroll returns when the server
// said no: asking again with the same code changes nothing.
var ErrEnrollmentRefused = errors.New("the server refused the enrollment")

const maxBootstrapAnswer = 64 << 10

// enrollment is the file enroll.json: an enrollment under way.
type enrollment struct {
	// For tells one invitation at one server from another, without the code.
	For      string       `json:"for"`
	Settings settings     `json:"settings"`
	Root     []byte       `json:"root"` // DER
	Exchange scepExchange `json:"exchange"`
}

// Enroll gets the device its identity: it asks the server what the code is good
// for, makes a key, and has its certificate signed over SCEP. Everything is on
// disk before it is sent, so that Enroll may be called again after any failure: a
// request whose answer was lost is repeated unchanged, and burns nothing. While
// the server says that a person has to agree, Enroll waits, until ctx ends.
//
// A device that is enrolled already enrolls anew: its old identity stays in
// place until the new one is complete.
func Enroll(ctx context.Context, o Options, r EnrollRequest) error {
	o = o.withDefaults()
	dir, err := openStateDir(o.StateDir)
	if err != nil {
		return err
	}
	err = enroll(ctx, o, r, dir)
	return errors.Join(err, dir.close())
}

func enroll(ctx context.Context, o Options, r EnrollRequest, dir *stateDir) error {
	e := &enroller{o: o, dir: dir, clock: &serverClock{wall: o.Now}}
	if err := e.prepare(ctx, r); err != nil {
		return err
	}
	for failures := 0; ; {
		err := e.step(ctx, r)
		var wait time.Duration
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return errors.Join(context.Cause(ctx), err)
		case errors.Is(err, errSCEPRefused), errors.Is(err, ErrEnrollmentRefused):
			// The next attempt shall not repeat what was refused.
			return errors.Join(fmt.Errorf("%w: %w", ErrEnrollmentRefused, err), dir.remove(fileEnroll))
		case errors.Is(err, errPending):
			failures, wait = 0, pendingPause(e.state.Exchange.Began, e.clock.now())
			if r.Waiting != nil {
				r.Waiting()
			}
		default:
			failures++
			wait = o.backoff(failures)
			o.Log.Warn("the enrollment did not get through; it is tried again", "error", err, "after", wait.Round(time.Second))
		}
		if !pause(ctx, wait) {
			if errors.Is(err, errPending) {
				return fmt.Errorf("%w (%w)", ErrWaitsForApproval, context.Cause(ctx))
			}
			return errors.Join(context.Cause(ctx), err)
		}
	}
}

// pendingPause asks often while somebody may be standing beside the device, and
// every five minutes later on.
func pendingPause(began, now time.Time) time.Duration {
	switch waited := now.Sub(began); {
	case waited < 2*time.Minute:
		return 5 * time.Second
	case waited < 30*time.Minute:
		return 30 * time.Second
	}
	return 5 * time.Minute
}

// enroller is one call of Enroll.
type enroller struct {
	o     Options
	dir   *stateDir
	about Inventory
	pin   string
	host  string
	clock *serverClock
	state enrollment
	// root is nil until the code is redeemed.
	root *x509.Certificate
}

// prepare checks what was asked and reads what an earlier attempt left.
func (e *enroller) prepare(ctx context.Context, r EnrollRequest) error {
	u, err := url.Parse(r.Server)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("the server's address %q is not of the form https://name:port", r.Server)
	}
	e.host = u.Hostname()
	if r.Code == "" {
		return errors.New("a code is needed to enroll: it is printed on the invitation")
	}
	if e.pin, err = normalPin(r.CAFingerprint); err != nil {
		return err
	}
	if e.about, err = e.o.Driver.Inventory(ctx); err != nil {
		return fmt.Errorf("read what this device is: %w", err)
	}
	serial := r.Serial
	if serial == "" {
		serial = e.about.Serial
	}
	if serial == "" {
		return errors.New("this device does not know its serial number: name it, as it stands on the maker's label")
	}
	sum := sha256.Sum256([]byte(r.Server + "\x00" + r.Code + "\x00" + serial))
	want := hex.EncodeToString(sum[:])
	var left enrollment
	if _, err := e.dir.readJSON(fileEnroll, &left); err != nil {
		return err
	}
	if left.For == want {
		e.state = left
		e.root, err = x509.ParseCertificate(left.Root)
		return err
	}
	e.state = enrollment{For: want, Settings: settings{Server: strings.TrimSuffix(r.Server, "/"), Serial: serial}}
	return nil
}

// step goes as far as it gets in one attempt.
func (e *enroller) step(ctx context.Context, r EnrollRequest) error {
	if e.root == nil {
		if err := e.begin(ctx, r); err != nil {
			return err
		}
	}
	key, err := decodeKey(e.state.Exchange.Key)
	if err != nil {
		return err
	}
	transport := newTransport(trust{root: e.root, host: e.host, now: e.clock.now}, nil, e.o.Dial)
	defer transport.CloseIdleConnections()
	c := &scepClient{http: &http.Client{Transport: transport, Timeout: time.Minute},
		url: e.state.Exchange.URL, root: e.root, now: e.clock.now}
	chain, err := c.ask(ctx, &e.state.Exchange, key)
	if errors.Is(err, errPending) && !e.state.Exchange.Pending {
		e.state.Exchange.Pending = true
		return errors.Join(err, e.dir.writeJSON(fileEnroll, e.state))
	}
	if err != nil {
		return err
	}
	return e.finish(key, chain)
}

// begin redeems the code, makes the key and puts everything on disk.
func (e *enroller) begin(ctx context.Context, r EnrollRequest) error {
	transport := newTransport(trust{pin: e.pin, host: e.host, now: e.clock.now}, nil, e.o.Dial)
	defer transport.CloseIdleConnections()
	b, err := bootstrap(ctx, &http.Client{Transport: transport, Timeout: time.Minute}, e.state.Settings.Server,
		bootstrapRequest{Code: r.Code, Serial: e.state.Settings.Serial, Maker: e.about.Maker, Model: e.about.Model})
	if err != nil {
		return err
	}
	root, err := e.rootOf(b)
	if err != nil {
		return err
	}
	e.clock.set(b.ServerTime)
	e.settle(b)
	key, err := e.o.NewKey()
	if err != nil {
		return fmt.Errorf("make the device's key: %w", err)
	}
	subject := pkix.Name{CommonName: e.state.Settings.Serial, SerialNumber: e.state.Settings.Serial}
	x, err := newExchange(e.state.Settings.SCEPURL, b.Challenge, key, subject, e.clock.now())
	if err != nil {
		return err
	}
	if x.Signer, err = selfSign(key, subject, e.clock.now()); err != nil {
		return err
	}
	e.state.Exchange, e.state.Root = *x, root.Raw
	if err := e.dir.writeJSON(fileEnroll, e.state); err != nil {
		return err
	}
	e.root = root
	return nil
}

// rootOf finds the authority in the answer: the one that was pinned or, without
// a pin, the one that a server with a publicly trusted certificate names.
func (e *enroller) rootOf(b bootstrapResponse) (*x509.Certificate, error) {
	want := e.pin
	if want == "" {
		want = b.CAFingerprint
	}
	for _, der := range b.CAChain {
		c, err := x509.ParseCertificate(der)
		if err == nil && fingerprint(c) == want {
			return c, nil
		}
	}
	return nil, fmt.Errorf("%w: its answer does not contain the authority with the fingerprint %s", errNotPinned, want)
}

// settle notes the addresses of daily life. SCEP goes over the pinned connection
// even when the answer names an address in clear, which is for clients that
// cannot do better.
func (e *enroller) settle(b bootstrapResponse) {
	s := &e.state.Settings
	if strings.HasPrefix(b.DeviceURL, "https://") {
		s.Server = strings.TrimSuffix(b.DeviceURL, "/")
		if u, err := url.Parse(s.Server); err == nil {
			e.host = u.Hostname()
		}
	}
	s.SCEPURL = s.Server + pathSCEP
}

// finish puts the new identity in place. enroll.json goes last: as long as it is
// there, an interrupted enrollment is finished by asking again.
func (e *enroller) finish(key *rsa.PrivateKey, chain []*x509.Certificate) error {
	if err := e.dir.write(fileRoot, encodeCertificate(e.root)); err != nil {
		return err
	}
	if err := e.dir.writeJSON(fileSettings, e.state.Settings); err != nil {
		return err
	}
	if err := e.retireJournal(); err != nil {
		return err
	}
	if err := e.dir.writeIdentity(key, chain); err != nil {
		return err
	}
	return e.dir.remove(fileEnroll, fileRenew)
}

// retireJournal puts the journal of an earlier enrollment aside: nothing in it is
// this enrollment's business.
func (e *enroller) retireJournal() error {
	old := fmt.Sprintf("journal-until-%s.jsonl", e.clock.now().Format("20060102T150405Z"))
	err := os.Rename(e.dir.file(fileJournal), e.dir.file(old))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("put the old journal aside: %w", err)
	}
	return e.dir.sync()
}

// bootstrap redeems a code.
func bootstrap(ctx context.Context, client *http.Client, server string, b bootstrapRequest) (bootstrapResponse, error) {
	var answer bootstrapResponse
	body, err := json.Marshal(b)
	if err != nil {
		return answer, fmt.Errorf("ask what the code is good for: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, server+PathEnroll, bytes.NewReader(body))
	if err != nil {
		return answer, fmt.Errorf("ask what the code is good for: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return answer, fmt.Errorf("ask what the code is good for: %w", err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxBootstrapAnswer))
	if err != nil {
		return answer, fmt.Errorf("ask what the code is good for: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		p := readProblem(resp, raw)
		if p.final() {
			return answer, fmt.Errorf("%w: %w", ErrEnrollmentRefused, p)
		}
		return answer, fmt.Errorf("ask what the code is good for: %w", p)
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return answer, fmt.Errorf("ask what the code is good for: the answer cannot be read: %w", err)
	}
	return answer, nil
}
