package app

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"wardline/audit"
	"wardline/auth"
	"wardline/ca"
	"wardline/internal/fault"
)

// What is done on the server's own host goes through one handler: over a socket
// in the data folder while a server runs, in this process while none does. It is
// the same gate and the same audit log either way, as local:<os user>.

const (
	socketFile     = "wardline.sock"
	localBodyLimit = 64 << 10
	localTimeout   = 30 * time.Minute // a long audit log takes a while to verify
)

// LocalUser asks for an account.
type LocalUser struct {
	Username string   `json:"username"`
	Name     string   `json:"name"`
	Password string   `json:"password"`
	Roles    []string `json:"roles"`
}

// LocalMade is the first account, with the codes for the host.
type LocalMade struct {
	ID        string   `json:"id"`
	Username  string   `json:"username"`
	HostCodes []string `json:"host_codes"`
}

// LocalVerified is the outcome of a verification of the audit log.
type LocalVerified struct {
	Head string `json:"head"`
	// Broken says what is wrong; empty: the chain is whole.
	Broken  string `json:"broken"`
	Outside bool   `json:"outside"`
}

// LocalCA is what there is to know about the certificate authority.
type LocalCA struct {
	Fingerprint string `json:"fingerprint"`
	RootPEM     string `json:"root_pem"`
	IssuingPEM  string `json:"issuing_pem"`
}

func (a *App) localHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /user", answer(a.localUser))
	mux.HandleFunc("POST /recovery/begin", answer(a.localRecoveryBegin))
	mux.HandleFunc("POST /recovery/status", answer(a.localRecoveryStatus))
	mux.HandleFunc("POST /recovery/cancel", answer(a.localRecoveryCancel))
	mux.HandleFunc("POST /recovery/finish", answer(a.localRecoveryFinish))
	mux.HandleFunc("POST /recovery/codes", answer(a.localRecoveryCodes))
	mux.HandleFunc("POST /audit/verify", answer(a.localVerify))
	mux.HandleFunc("POST /audit/heads", answer(a.localHeads))
	mux.HandleFunc("POST /backup", answer(a.localBackup))
	mux.HandleFunc("POST /keys/rotate", answer(a.localRotate))
	mux.HandleFunc("POST /ca", answer(a.localCA))
	mux.HandleFunc("POST /doctor", answer(a.localDoctor))
	return mux
}

func (a *App) localUser(ctx context.Context, in LocalUser) (LocalMade, error) {
	n := auth.NewAccount{Username: in.Username, Name: in.Name, Password: in.Password}
	for _, r := range in.Roles {
		n.Roles = append(n.Roles, auth.Role(r))
	}
	created, err := a.auth.BootstrapFirstAdmin(ctx, localActor(ctx), n)
	if err != nil {
		return LocalMade{}, err
	}
	return LocalMade{ID: string(created.Account.ID), Username: created.Account.Username, HostCodes: created.HostCodes}, nil
}

func (a *App) localVerify(ctx context.Context, in struct {
	Head string `json:"head"`
}) (LocalVerified, error) {
	var outside *audit.Head
	var kept audit.SignedHead
	if in.Head != "" {
		var err error
		if kept, err = a.readHead(in.Head); err != nil {
			return LocalVerified{}, err
		}
		outside = &kept.Head
	}
	at, err := audit.Verify(ctx, a.store, outside)
	out := LocalVerified{Head: at.String(), Outside: outside != nil}
	var broken *audit.Broken
	if errors.As(err, &broken) {
		out.Broken = broken.Error()
		now, err := a.store.LookOutside(ctx)
		if err == nil && kept.Epoch > 0 && kept.Epoch < now.Epoch {
			out.Broken += fmt.Sprintf(". The head is of epoch %d, and epoch %d began with a backup: what was lost then is in its list", kept.Epoch, now.Epoch)
		}
		return out, err
	}
	return out, err
}

func (a *App) localCA(context.Context, struct{}) (LocalCA, error) {
	return LocalCA{Fingerprint: a.authority.Fingerprint(),
		RootPEM:    string(pemOf(a.authority.Certificate(ca.RoleRoot).Raw)),
		IssuingPEM: string(pemOf(a.authority.Certificate(ca.RoleIssuing).Raw))}, nil
}

func (a *App) localDoctor(ctx context.Context, _ struct{}) ([]Finding, error) {
	return a.diagnose(ctx), nil
}

func parseHead(s string) (audit.Head, error) {
	number, text, ok := strings.Cut(s, ":")
	seq, err := strconv.ParseInt(number, 10, 64)
	hash, err2 := hex.DecodeString(text)
	if !ok || err != nil || err2 != nil || len(hash) != len(audit.Hash{}) || seq < 0 {
		return audit.Head{}, fault.CodeInvalid.New("%q is not a head of the audit log: it looks like 1234:9f86d0...", s)
	}
	return audit.Head{Seq: seq, Hash: audit.Hash(hash)}, nil
}

// answer makes a handler of f: strict JSON in, JSON or a fault out.
func answer[In, Out any](f func(context.Context, In) (Out, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, localBodyLimit))
		dec.DisallowUnknownFields()
		err := dec.Decode(&in)
		var out any
		if err != nil {
			err = fault.CodeInvalid.Wrap(err, "this server's command line has another version than the server")
		} else {
			out, err = f(r.Context(), in)
		}
		status := http.StatusOK
		if err != nil {
			status, out = http.StatusUnprocessableEntity, localProblemOf(err)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		// The other side is this host's command line: when it is gone, nobody reads.
		_ = json.NewEncoder(w).Encode(out)
	}
}

type localProblem struct {
	Code   string        `json:"code"`
	Detail string        `json:"detail"`
	Help   string        `json:"help"`
	Fields []fault.Field `json:"errors"`
}

func localProblemOf(err error) localProblem {
	if f, ok := fault.As(err); ok {
		return localProblem{Code: f.Code.Name, Detail: f.Detail, Help: f.Code.Help, Fields: f.Fields}
	}
	// Whoever asks owns the host: nothing is kept from them.
	return localProblem{Code: "internal", Detail: err.Error()}
}

type localUserKey struct{}

func localActor(ctx context.Context) audit.Actor {
	name, _ := ctx.Value(localUserKey{}).(string)
	return audit.Actor{Kind: audit.ActorLocal, ID: "local:" + name, Name: name, Via: "cli"}
}

// startLocal listens on the socket in the data folder. The folder is closed to
// other users (mode 0700); who connects is asked of the kernel.
func (a *App) startLocal(ctx context.Context) error {
	path := filepath.Join(a.o.Data, socketFile)
	if err := removeStale(path); err != nil {
		return err
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "unix", path)
	if err != nil {
		// Some file systems have no sockets, and a path can be too long for one.
		a.o.Log.Warn("no local socket: wardline user, audit and doctor need the server stopped", "error", err)
		return nil
	}
	s := newServer(a.localHandler(), nil)
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, localUserKey{}, osUser(peerUID(c)))
	}
	a.serve("local", l, s)
	return nil
}

// Local asks the server of the data folder to do something: the running one, or
// one that is opened for just this.
func Local(ctx context.Context, o Options, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, localTimeout)
	defer cancel()
	res, err := overSocket(ctx, filepath.Join(o.Data, socketFile), path, body)
	if errors.Is(err, errNoServer) {
		res, err = inProcess(ctx, o, path, body)
	}
	if err != nil {
		return err
	}
	if res.status == http.StatusOK {
		return json.Unmarshal(res.body, out)
	}
	var p localProblem
	if err := json.Unmarshal(res.body, &p); err != nil {
		return fmt.Errorf("the server answered %d", res.status)
	}
	f := &fault.Fault{Code: fault.Code{Name: p.Code, Category: fault.Invalid, Help: p.Help}, Detail: p.Detail, Fields: p.Fields}
	return f
}

var errNoServer = errors.New("no server runs on this data folder")

type localResult struct {
	status int
	body   []byte
}

func overSocket(ctx context.Context, socket, path string, body []byte) (localResult, error) {
	if _, err := os.Stat(socket); err != nil {
		return localResult{}, errNoServer
	}
	var d net.Dialer
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			c, err := d.DialContext(ctx, "unix", socket)
			if err != nil {
				return nil, errors.Join(errNoServer, err)
			}
			return c, nil
		}}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://local"+path, bytes.NewReader(body))
	if err != nil {
		return localResult{}, err
	}
	res, err := client.Do(req)
	if err != nil {
		return localResult{}, err
	}
	answer, err := io.ReadAll(res.Body)
	return localResult{res.StatusCode, answer}, errors.Join(err, res.Body.Close())
}

// inProcess opens the data folder without any listener, asks, and closes it.
func inProcess(ctx context.Context, o Options, path string, body []byte) (res localResult, err error) {
	a, err := open(ctx, o)
	if err != nil {
		return localResult{}, err
	}
	defer func() { err = errors.Join(err, a.Stop()) }()
	ctx = context.WithValue(ctx, localUserKey{}, osUser(os.Getuid()))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, path, bytes.NewReader(body))
	if err != nil {
		return localResult{}, err
	}
	w := &capture{header: http.Header{}, status: http.StatusOK}
	a.localHandler().ServeHTTP(w, req)
	return localResult{w.status, w.body.Bytes()}, nil
}

// capture is a response in memory.
type capture struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (c *capture) Header() http.Header         { return c.header }
func (c *capture) WriteHeader(status int)      { c.status = status }
func (c *capture) Write(b []byte) (int, error) { return c.body.Write(b) }
