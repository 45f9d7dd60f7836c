package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"wardline/agent"
	"wardline/commands"
)

// sim is a device as the server sees it: a certificate, a connection, a state,
// and orders that it answers with signed receipts. It does nothing when it is
// told to; what a real agent does is tested elsewhere.
type sim struct {
	serial string
	key    *rsa.PrivateKey
	cert   tls.Certificate
	roots  *x509.CertPool
	pump   bool

	boot     string
	sequence uint64
	battery  int
	therapy  string
	body     []byte
	owed     []owed
	// envelopes have arrived and are not opened yet.
	envelopes []string
	opening   time.Time // the server's time that goes with them
	came      time.Time
	// sendInventory: the server has asked for it.
	sendInventory bool

	mu sync.Mutex
	// onOrder is told of each order, with the time at which it arrived; may be nil.
	onOrder func(command string, at time.Time)
	// gate, when not nil, is waited for before orders are opened and answered.
	gate <-chan struct{}
}

// owed is an answer that the server has not settled yet.
type owed struct {
	command commands.ID
	status  commands.ResultStatus
	result  []byte // JSON
	order   commands.Order
	hash    string
	attempt int
}

func newSim(serial string, pump bool, key *rsa.PrivateKey, chain []*x509.Certificate, root *x509.Certificate) *sim {
	s := &sim{serial: serial, key: key, pump: pump, boot: rand.Text(), battery: 80, roots: x509.NewCertPool()}
	s.cert = tls.Certificate{PrivateKey: key, Leaf: chain[0]}
	for _, c := range chain {
		if !bytes.Equal(c.RawIssuer, c.RawSubject) {
			s.cert.Certificate = append(s.cert.Certificate, c.Raw)
		}
	}
	s.roots.AddCert(root)
	if pump {
		s.therapy = "stopped"
	}
	return s
}

// tlsConfig is how the device connects. The generator does not verify the server:
// that is the device's work, costs the same for every server, and is not what is
// measured.
func (s *sim) tlsConfig() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true, NextProtos: []string{"http/1.1"},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &s.cert, nil }}
}

func (s *sim) dial(ctx context.Context, addr string) (*lean, error) {
	return dialLean(ctx, addr, agent.PathPoll, s.tlsConfig())
}

// poll sends one poll and takes in the answer.
func (s *sim) poll(l *lean, wait int) error {
	status, answer, err := l.post(s.request(wait), time.Duration(wait)*time.Second+30*time.Second)
	if err != nil {
		return fmt.Errorf("poll of %s: %w", s.serial, err)
	}
	if status != http.StatusOK {
		return fmt.Errorf("poll of %s: %w %d: %.300s", s.serial, errStatus, status, answer)
	}
	return s.digest(answer)
}

var errStatus = errors.New("status")

// request is the body of DESIGN 5.3, written by hand: encoding it would cost the
// generator as much as decoding costs the server.
func (s *sim) request(wait int) []byte {
	s.sequence++
	b := append(s.body[:0], `{"protocol":1,"boot_id":"`...)
	b = append(b, s.boot...)
	b = append(b, `","sequence":`...)
	b = strconv.AppendUint(b, s.sequence, 10)
	b = append(b, `,"wait_seconds":`...)
	b = strconv.AppendInt(b, int64(wait), 10)
	b = append(b, `,"capabilities":["refresh","locate","lock","unlock","message","ring","wipe"],"state":{`...)
	if s.pump {
		b = append(b, `"therapy":"`...)
		b = append(b, s.therapy...)
		b = append(b, `",`...)
	}
	b = append(b, `"state_age_ms":120,"battery_percent":`...)
	b = strconv.AppendInt(b, int64(s.battery), 10)
	b = append(b, `,"charging":false,"network":{"ssid":"HOSP-IOMT","bssid":"00:1a:1e:aa:bb:cc","rssi_dbm":-61},`+
		`"location":null,"storage_encrypted":true,"passcode_set":true,"wall_clock":"`...)
	b = time.Now().UTC().AppendFormat(b, time.RFC3339)
	b = append(b, `","config_versions":{}},"inventory_hash":"sha256:`...)
	b = append(b, inventoryHash...)
	b = append(b, `","inventory":`...)
	if s.sendInventory {
		b = append(b, `{"maker":"Bench","model":"Bench","serial":"`+s.serial+`","software_version":"1.0","firmware_version":"1.0"}`...)
		s.sendInventory = false
	} else {
		b = append(b, "null"...)
	}
	b = append(b, `,"results":[`...)
	for i, o := range s.owed {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, o.result...)
	}
	s.body = append(b, "]}"...)
	return s.body
}

const inventoryHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

var nothingToDo = []byte(`"commands":[],"settled":[],"send_inventory":false`)

// digest reads an answer: what was settled is owed no more, except that a
// settled acceptance is followed by success; a new order is accepted.
func (s *sim) digest(answer []byte) error {
	if bytes.Contains(answer, nothingToDo) {
		return nil
	}
	s.came = time.Now()
	var r agent.PollResponse
	if err := json.Unmarshal(answer, &r); err != nil {
		return fmt.Errorf("the answer to the poll of %s: %w", s.serial, err)
	}
	s.sendInventory = r.SendInventory
	settled := map[commands.ID]bool{}
	for _, id := range r.Settled {
		settled[commands.ID(id)] = true
	}
	var still []owed
	for _, o := range s.owed {
		switch {
		case !settled[o.command]:
			still = append(still, o)
		case o.status == commands.ResultAccepted:
			next, err := s.owe(o.order, o.hash, o.attempt, commands.ResultSucceeded, r.ServerTime)
			if err != nil {
				return err
			}
			still = append(still, next)
		}
	}
	s.owed = still
	if s.envelopes, s.opening = r.Commands, r.ServerTime; len(s.envelopes) == 0 {
		return nil
	}
	return s.openOrders()
}

// openOrders verifies what has arrived and answers it. On a real device that is
// the device's time; here the generator's cores are the server's too, so that a
// measurement may put it off with a gate.
func (s *sim) openOrders() error {
	s.mu.Lock()
	told, gate, came := s.onOrder, s.gate, s.came
	s.mu.Unlock()
	if gate != nil {
		<-gate
	}
	for _, jws := range s.envelopes {
		envelope, order, err := commands.OpenEnvelope(jws, s.roots, s.opening)
		if err != nil {
			return fmt.Errorf("an order for %s: %w", s.serial, err)
		}
		if told != nil {
			told(string(order.Command), came)
		}
		o, err := s.owe(order, commands.HashOrder(envelope.Order), envelope.Attempt, commands.ResultAccepted, s.opening)
		if err != nil {
			return err
		}
		s.owed = append(s.owed, o)
	}
	s.envelopes = nil
	return nil
}

func (s *sim) owe(order commands.Order, hash string, attempt int, status commands.ResultStatus, at time.Time) (owed, error) {
	receipt, err := commands.SignReceipt(s.key, commands.Receipt{Command: order.Command, Device: order.Device,
		Enrollment: order.Enrollment, OrderHash: hash, Attempt: attempt, Status: status, BootID: s.boot, Sequence: s.sequence, At: at})
	if err != nil {
		return owed{}, err
	}
	result, err := json.Marshal(agent.Result{CommandID: string(order.Command), Status: agent.ResultStatus(status),
		Detail: map[string]any{}, Receipt: receipt})
	return owed{command: order.Command, status: status, result: result, order: order, hash: hash, attempt: attempt}, err
}

// listen sets who is told of orders.
func (s *sim) listen(f func(command string, at time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onOrder = f
}

// waitFor sets the gate; nil takes it away.
func (s *sim) waitFor(gate <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate = gate
}
