package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"wardline/enroll"
)

// perDelivery is how many serial numbers one packing list may have.
const perDelivery = 5000

// fleet enrolls n devices over SCEP, half of them pumps, and lets each poll once,
// which completes its enrollment.
func (s *site) fleet(ctx context.Context, n int) ([]*sim, error) {
	// Keys that this site has certified already cannot be used again.
	keys, err := keyPool(s.bench.keys, s.named+n)
	if err != nil {
		return nil, err
	}
	keys = keys[s.named:]
	began := time.Now()
	requests, err := s.invite(ctx, n)
	if err != nil {
		return nil, err
	}
	client := s.enrollClient()
	recipient, err := recipientOf(client, s.scepURL)
	if err != nil {
		return nil, err
	}
	sims := make([]*sim, n)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(scepAtOnce)
	for i, r := range requests {
		g.Go(func() error {
			if gctx.Err() != nil {
				return gctx.Err()
			}
			p, err := prepare(keys[i], r.serial, r.challenge, recipient)
			if err != nil {
				return err
			}
			sims[i], err = s.enrollOne(gctx, client, p, r)
			if err != nil {
				return fmt.Errorf("enroll %s: %w", r.serial, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for _, sim := range sims {
		s.devices[sim.serial] = sim.cert.Leaf.Subject.CommonName
	}
	s.bench.report.say("enrolled %d devices on %s in %s", n, s.engine, time.Since(began).Round(time.Second))
	return sims, nil
}

func (s *site) enrollOne(ctx context.Context, client *http.Client, p prepared, r invited) (*sim, error) {
	answer, err := p.send(client, s.scepURL)
	if err != nil {
		return nil, err
	}
	chain, err := p.open(answer)
	if err != nil {
		return nil, err
	}
	d := newSim(r.serial, r.pump, p.key, chain, r.root)
	l, err := d.dial(ctx, s.deviceAddr)
	if err != nil {
		return nil, err
	}
	defer l.close()
	for range 2 { // the second brings the inventory, which the first is asked for
		if err := d.poll(l, 0); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// invited is what a device gets for its code.
type invited struct {
	serial, challenge string
	pump              bool
	root              *x509.Certificate
}

// invite makes deliveries with packing lists, has them open on the bench, and
// redeems their codes as each device would.
func (s *site) invite(ctx context.Context, n int) ([]invited, error) {
	var all []invited
	for pump, count := range map[bool]int{true: n / 2, false: n - n/2} { // one alone is a handheld
		for count > 0 {
			some, err := s.delivery(ctx, pump, min(count, perDelivery))
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
			count -= len(some)
		}
	}
	return all, nil
}

func (s *site) delivery(ctx context.Context, pump bool, n int) ([]invited, error) {
	serials := make([]string, n)
	for i := range serials {
		s.named++
		serials[i] = fmt.Sprintf("BENCH-%06d", s.named)
	}
	class := "handheld_shared"
	if pump {
		class = "pump_lvp"
	}
	var delivery struct{ ID string }
	err := s.person.do(ctx, http.MethodPost, "/deliveries", map[string]any{"name": "bench " + serials[0], "class": class,
		"model": s.models[pump], "serials": serials}, &delivery)
	if err != nil {
		return nil, err
	}
	if err := s.person.do(ctx, http.MethodPost, "/deliveries/"+delivery.ID+"/open", map[string]any{"minutes": 600}, nil); err != nil {
		return nil, err
	}
	var invitation struct{ Code string }
	err = s.person.do(ctx, http.MethodPost, "/invitations", map[string]any{"class": class, "model": s.models[pump],
		"delivery_id": delivery.ID}, &invitation)
	if err != nil {
		return nil, err
	}
	client := s.enrollClient()
	all := make([]invited, n)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(scepAtOnce)
	for i, serial := range serials {
		g.Go(func() (err error) {
			all[i], err = s.redeem(gctx, client, invitation.Code, serial, pump)
			return err
		})
	}
	return all, g.Wait()
}

// redeem hands in a code as a device does: POST /enroll/v1.
func (s *site) redeem(ctx context.Context, client *http.Client, code, serial string, pump bool) (invited, error) {
	r := &rest{client: client}
	var answer enroll.BootstrapResponse
	if err := r.post(ctx, s.url("https", "device")+enroll.BootstrapPath, enroll.BootstrapRequest{Code: code, Serial: serial}, &answer); err != nil {
		return invited{}, err
	}
	if len(answer.CAChain) == 0 {
		return invited{}, errors.New("the bootstrap brought no certificates")
	}
	root, err := x509.ParseCertificate(answer.CAChain[len(answer.CAChain)-1])
	return invited{serial: serial, challenge: answer.Challenge, pump: pump, root: root}, err
}

// enrollClient trusts no name: it is this machine's own server.
func (s *site) enrollClient() *http.Client {
	c := newREST("", "", "", s.dialContext).client
	t := c.Transport.(*http.Transport)
	t.MaxIdleConnsPerHost, t.ForceAttemptHTTP2 = scepAtOnce, false
	return c
}

// prepareRequests makes n SCEP requests that are ready to be sent.
func (s *site) prepareRequests(ctx context.Context, n int) ([]prepared, error) {
	requests, err := s.invite(ctx, n)
	if err != nil {
		return nil, err
	}
	recipient, err := recipientOf(s.enrollClient(), s.scepURL)
	if err != nil {
		return nil, err
	}
	// Keys that this site has certified already cannot be used again.
	keys, err := keyPool(s.bench.keys, s.named)
	if err != nil {
		return nil, err
	}
	keys = keys[s.named-n:]
	out := make([]prepared, n)
	var mu sync.Mutex
	var g errgroup.Group
	g.SetLimit(scepAtOnce)
	for i, r := range requests {
		g.Go(func() error {
			p, err := prepare(keys[i], r.serial, r.challenge, recipient)
			mu.Lock()
			defer mu.Unlock()
			out[i] = p
			return err
		})
	}
	return out, g.Wait()
}
