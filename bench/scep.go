package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	scepRequests    = 600
	scepAtOnce      = 16
	scepIssued      = 100_000
	keyRateDuration = 5 * time.Second
)

// scep measures enrollments per second over the network, with an empty database
// and with one that holds 100,000 issued certificates, beside what the private
// keys alone would allow.
func (b *bench) scep(ctx context.Context, s *site) error {
	b.report.say("\n== SCEP enrollments on %s: %d requests, prepared beforehand, %d at a time", s.engine, scepRequests, scepAtOnce)
	bound, err := keyRate(ctx)
	if err != nil {
		return err
	}
	b.report.say("keys     RSA-2048 decryption, RSA-3072 and RSA-2048 signature, in Go on all cores: %.0f triples/s", bound)
	if err := b.scepRound(ctx, s, bound); err != nil {
		return err
	}
	added, err := s.pretendIssued(ctx, scepIssued)
	if err != nil {
		return err
	}
	b.report.say("filled   with %d more certificate rows, copies of issued ones with other serial numbers and fingerprints", added)
	return b.scepRound(ctx, s, bound)
}

func (b *bench) scepRound(ctx context.Context, s *site, bound float64) error {
	issued, err := s.issuedCertificates(ctx)
	if err != nil {
		return err
	}
	requests, err := s.prepareRequests(ctx, scepRequests)
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: scepAtOnce, DialContext: s.dialContext}}
	answers := make([][]byte, len(requests))
	cpu0, err := s.process.cpu()
	if err != nil {
		return err
	}
	began := time.Now()
	g, _ := errgroup.WithContext(ctx)
	g.SetLimit(scepAtOnce)
	for i, p := range requests {
		g.Go(func() (err error) {
			answers[i], err = p.send(client, s.scepURL)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	took := time.Since(began)
	cpu1, err := s.process.cpu()
	if err != nil {
		return err
	}
	for i, a := range answers { // outside of the time: it is the devices' work
		if _, err := requests[i].open(a); err != nil {
			return fmt.Errorf("request %d: %w", i, err)
		}
	}
	rate := float64(len(requests)) / took.Seconds()
	b.report.say("scep     %-10s %7d certificates issued before: %6.0f enrollments/s, %3.0f %% of what the keys allow; %.2f ms of the server's CPU each",
		s.engine, issued, rate, 100*rate/bound, float64((cpu1-cpu0).Microseconds())/1e3/float64(len(requests)))
	return nil
}

// keyRate is how often in a second all cores together can do what one enrollment
// needs of private keys: open the request (RSA-2048), sign the certificate
// (RSA-3072), sign the answer (RSA-2048).
func keyRate(ctx context.Context) (float64, error) {
	ra, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return 0, err
	}
	issuing, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		return 0, err
	}
	//lint:ignore SA1019 what SCEP does is what is measured
	secret, err := rsa.EncryptPKCS1v15(rand.Reader, &ra.PublicKey, make([]byte, 32))
	if err != nil {
		return 0, err
	}
	sum := sha256.Sum256([]byte("certificate"))
	ctx, cancel := context.WithTimeout(ctx, keyRateDuration)
	defer cancel()
	var done atomic.Int64
	var g errgroup.Group
	began := time.Now()
	for range runtime.NumCPU() {
		g.Go(func() error {
			for ctx.Err() == nil {
				//lint:ignore SA1019 what SCEP does is what is measured
				if _, err := rsa.DecryptPKCS1v15(rand.Reader, ra, secret); err != nil {
					return err
				}
				if _, err := rsa.SignPKCS1v15(rand.Reader, issuing, crypto.SHA256, sum[:]); err != nil {
					return err
				}
				if _, err := rsa.SignPKCS1v15(rand.Reader, ra, crypto.SHA256, sum[:]); err != nil {
					return err
				}
				done.Add(1)
			}
			return nil
		})
	}
	err = g.Wait()
	return float64(done.Load()) / time.Since(began).Seconds(), err
}
