package agent

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"wardline/device"
	"wardline/internal/fault"
)

var (
	codeStranger = fault.Define(fault.Unauthenticated, "certificate_unknown",
		"Enroll the device: the certificate it came with is not one of ours.")
	codeNotAccepted = fault.Define(fault.Forbidden, "certificate_not_accepted",
		"The device's certificate has been replaced or revoked: enroll it again if that was a mistake.")
	codeBadPoll = fault.Define(fault.Invalid, "poll_unreadable",
		"The agent on the device sent something that the protocol does not allow: update it.")
	codePollTooLarge = fault.Define(fault.TooLarge, "poll_too_large",
		"The agent on the device sent too much at once: update it.")
	codeProtocol = fault.Define(fault.Invalid, "protocol_unsupported",
		"Update the agent on the device, or this server, so that both speak the same protocol.")
	codeSequence = fault.Define(fault.Conflict, "sequence_repeated",
		"Nothing has to be done; if it goes on, the device's key may have been copied.")
)

// Listener settings.
const (
	readHeaderTimeout = 10 * time.Second
	// writeTimeout is longer than the longest held poll and what follows it.
	writeTimeout   = MaxWaitSeconds*time.Second + 35*time.Second
	idleTimeout    = 3 * time.Minute
	maxHeaderBytes = 16 << 10
)

// NewDeviceServer makes the server of the device listener. It asks for a client
// certificate and lets the handlers judge it for each request: a handshake that
// judged would kill expired certificates, which may still renew, and would not
// see a revocation on a connection that is open already. HTTP/1.1 only: with one
// held poll on each connection HTTP/2 costs more memory. load counts the
// connections and may be nil.
func NewDeviceServer(config *tls.Config, handler http.Handler, load *Load) *http.Server {
	config = config.Clone()
	config.NextProtos = []string{"http/1.1"}
	config.ClientAuth = tls.RequestClientCert
	config.ClientCAs = nil // no names of ours in the handshake: clients have one certificate
	s := &http.Server{
		Handler: handler, TLSConfig: config,
		TLSNextProto:      map[string]func(*http.Server, *tls.Conn, http.Handler){},
		ReadHeaderTimeout: readHeaderTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
	}
	if load != nil {
		s.ConnState = load.connState
	}
	return s
}

// Load counts the connections of the device listener against the number of files
// that the process may open. Past nine tenths polls are no longer held.
type Load struct {
	limit int64
	open  atomic.Int64
}

// NewLoad makes a counter for a process that may open limit files.
func NewLoad(limit uint64) *Load { return &Load{limit: int64(min(limit, 1<<40)) / 10 * 9} }

// Allows returns how many polls the limit allows to be held.
func (l *Load) Allows() int64 { return l.limit }

// Open returns how many connections there are.
func (l *Load) Open() int64 { return l.open.Load() }

func (l *Load) crowded() bool { return l != nil && l.open.Load() >= l.limit }

func (l *Load) connState(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		l.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		l.open.Add(-1)
	}
}

func fromConnection(r *http.Request) *x509.Certificate {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return nil
	}
	return r.TLS.PeerCertificates[0]
}

// identify judges the certificate of a request: whose it is, whether it is valid
// now, and what it is good for. The handshake has proven that the client holds
// its key.
func (h *Handler) identify(r *http.Request) (Identity, error) {
	cert := h.o.ClientCertificate(r)
	if cert == nil {
		return Identity{}, codeStranger.New("a client certificate is needed")
	}
	sum := sha256.Sum256(cert.Raw)
	fp := device.Fingerprint(hex.EncodeToString(sum[:]))
	who, err := h.o.Bindings.Bind(r.Context(), fp)
	if errors.Is(err, ErrUnknownCertificate) {
		return Identity{}, codeStranger.New("a client certificate is needed")
	}
	if err != nil {
		return Identity{}, err
	}
	if now := h.o.Now(); who.Standing == StandingRefused || now.After(cert.NotAfter) || now.Before(cert.NotBefore) {
		return Identity{}, codeNotAccepted.New("this certificate is not accepted")
	}
	who.Fingerprint = fp
	return who, nil
}

// refuse answers a problem (RFC 9457). What is not a fault is our own trouble: it
// is logged and not told.
func (h *Handler) refuse(c *gin.Context, err error) {
	f, ok := fault.As(err)
	if !ok {
		if c.Request.Context().Err() == nil {
			h.o.Log.ErrorContext(c.Request.Context(), "a poll could not be answered", "error", err)
		}
		f = fault.CodeUnavailable.New("the server cannot answer just now")
	}
	status := f.Code.Category.Status()
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		after := f.RetryAfter
		if after == 0 {
			after = 5*time.Second + rand.N(10*time.Second)
		}
		c.Header("Retry-After", strconv.Itoa(int(after/time.Second)))
	}
	body, err := json.Marshal(problem{Status: status, Code: f.Code.Name, Title: http.StatusText(status), Detail: f.Detail})
	if err != nil {
		c.AbortWithStatus(status)
		return
	}
	c.Abort()
	c.Data(status, "application/problem+json", body)
}

// write answers a poll.
func (h *Handler) write(c *gin.Context, a *PollResponse) {
	buf := bodies.Get().(*bytes.Buffer)
	defer func() {
		if buf.Cap() <= maxPooledBody {
			buf.Reset()
			bodies.Put(buf)
		}
	}()
	if err := json.NewEncoder(buf).Encode(a); err != nil {
		h.refuse(c, err)
		return
	}
	header := c.Writer.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(buf.Len()))
	header.Set("Cache-Control", "no-store")
	c.Writer.WriteHeader(http.StatusOK)
	if _, err := c.Writer.Write(buf.Bytes()); err != nil && !errors.Is(err, context.Canceled) {
		h.o.Log.DebugContext(c.Request.Context(), "the answer to a poll was not taken", "error", err)
	}
}
