package enroll_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"wardline/ca"
	"wardline/device"
	"wardline/enroll"
	"wardline/store"
	"wardline/store/storetest"
)

// BenchmarkEnrollWithoutDatabase is the SCEP service from message to answer, on
// all cores, without HTTP and without a database, beside the bare private-key
// operations that one enrollment cannot do without: opening the envelope and
// signing the answer with the RA's RSA-2048 key, and signing the certificate with
// the issuing key. ratio is the one rate as a part of the other.
func BenchmarkEnrollWithoutDatabase(b *testing.B) {
	for _, algorithm := range []ca.Algorithm{ca.RSA2048, ca.RSA3072, ca.ECDSAP256} {
		b.Run(string(algorithm), func(b *testing.B) {
			s, authority, _ := withoutDatabase(b, nil, algorithm, fixtureTime)
			c := newClient(b, rsaKey(b, "bench", 2048))
			raw, _ := c.build(message{kind: "19", content: c.csr(fixtureChallenge, nil), recipient: authority.Certificate(ca.RoleRA)})
			ctx := context.Background()
			started := time.Now()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := s.PKIOperation(ctx, raw, "192.0.2.1"); err != nil {
						b.Error(err)
						return
					}
				}
			})
			enrollments := float64(b.N) / time.Since(started).Seconds()
			b.StopTimer()
			bare := bareRate(b, max(b.N, 100), authority, likeIssuing(b, algorithm))
			b.ReportMetric(enrollments, "enrollments/s")
			b.ReportMetric(bare, "bare/s")
			b.ReportMetric(enrollments/bare, "ratio")
		})
	}
}

// bareRate does the private-key operations of n enrollments on all cores, and
// nothing else.
func bareRate(b *testing.B, n int, authority *ca.Authority, issuing crypto.Signer) float64 {
	b.Helper()
	ra, ok := authority.RAs()[0].Key.(*rsa.PrivateKey)
	if !ok {
		b.Fatal("the RA key is not an RSA key")
	}
	//lint:ignore SA1019 what SCEP does is what is measured
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, &ra.PublicKey, make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256([]byte("to be signed"))
	var left atomic.Int64
	left.Store(int64(n))
	var wg sync.WaitGroup
	started := time.Now()
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				//lint:ignore SA1019 what SCEP does is what is measured
				_, err := ra.Decrypt(rand.Reader, sealed, &rsa.PKCS1v15DecryptOptions{SessionKeyLen: 32})
				for _, key := range []crypto.Signer{ra, issuing} {
					if err == nil {
						_, err = key.Sign(rand.Reader, digest[:], crypto.SHA256)
					}
				}
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return float64(n) / time.Since(started).Seconds()
}

// likeIssuing makes a key of the kind that the issuing CA has: its own does not
// leave package ca.
func likeIssuing(b *testing.B, algorithm ca.Algorithm) crypto.Signer {
	b.Helper()
	switch algorithm {
	case ca.RSA2048:
		return rsaKey(b, "like issuing 2048", 2048)
	case ca.RSA3072:
		return rsaKey(b, "like issuing 3072", 3072)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	return key
}

// BenchmarkEnrollOnSQLite is an enrollment end to end: over HTTP, with the
// database, the audit chain and a synced disk; the three private-key operations
// beside it. The second run has 100,000 certificates in the database already.
func BenchmarkEnrollOnSQLite(b *testing.B) {
	for _, before := range []int{0, 100_000} {
		b.Run(fmt.Sprintf("after %d", before), func(b *testing.B) {
			e := newEndToEnd(b, before)
			b.ResetTimer()
			var busy time.Duration
			for done := 0; done < b.N; {
				b.StopTimer()
				messages := e.prepare(min(len(e.clients), b.N-done))
				b.StartTimer()
				started := time.Now()
				e.send(messages)
				busy += time.Since(started)
				done += len(messages)
			}
			b.StopTimer()
			enrollments := float64(b.N) / busy.Seconds()
			bare := bareRate(b, max(b.N, 100), e.ca, likeIssuing(b, ca.RSA3072))
			b.ReportMetric(enrollments, "enrollments/s")
			b.ReportMetric(bare, "bare/s")
			b.ReportMetric(enrollments/bare, "ratio")
		})
	}
}

// endToEnd is a server with its database, and devices with keys of their own.
type endToEnd struct {
	b       *testing.B
	db      *sql.DB
	ca      *ca.Authority
	service *enroll.Service
	server  *httptest.Server
	clients []*client
	rounds  int
}

// benchKeys is how many devices there are: making a key takes far longer than
// enrolling with it.
const benchKeys = 64

func newEndToEnd(b *testing.B, before int) *endToEnd {
	b.Helper()
	gin.SetMode(gin.ReleaseMode)
	ctx := context.Background()
	path := filepath.Join(b.TempDir(), "wardline.db")
	s, err := store.Open(ctx, store.Options{Database: path, RowKeys: storetest.RowKeys()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	e := &endToEnd{b: b}
	if e.db, err = sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)"); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = e.db.Close() })
	router := gin.New()
	e.server = httptest.NewUnstartedServer(router)
	b.Cleanup(e.server.Close)
	address := "http://" + e.server.Listener.Addr().String()
	e.ca, err = ca.Open(ctx, ca.Options{Store: s, Sealer: zeroKey(b).For, PKIURL: address, Loopback: true})
	if err != nil {
		b.Fatal(err)
	}
	e.service, err = enroll.New(enroll.Options{Store: s, CA: e.ca, DeviceURL: "https://devices.hospital.example", PKIURL: address, Loopback: true})
	if err != nil {
		b.Fatal(err)
	}
	e.service.RegisterSCEP(router)
	e.server.Start()
	for i := range benchKeys {
		e.clients = append(e.clients, newClient(b, rsaKey(b, fmt.Sprint("bench", i), 2048)))
	}
	_, err = e.db.Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO certificate (serial, purpose, subject, device_id, enrollment_id, key_hash, fingerprint, der, not_before, not_after, recorded_at)
		SELECT lower(hex(randomblob(16))), 'device', 'filler', lower(hex(randomblob(16))), lower(hex(randomblob(16))),
			lower(hex(randomblob(32))), lower(hex(randomblob(32))), randomblob(1100), 1, 4102444800000000, 1 FROM n WHERE $1 > 0`, before)
	if err != nil {
		b.Fatal(err)
	}
	return e
}

// prepare makes an invitation and a request for each of n devices. The keys have
// been used in the round before: what is known of them is forgotten.
func (e *endToEnd) prepare(n int) [][]byte {
	e.b.Helper()
	if _, err := e.db.Exec("UPDATE certificate SET key_hash = serial WHERE subject <> 'filler'"); err != nil {
		e.b.Fatal(err)
	}
	e.rounds++
	messages := make([][]byte, n)
	for i := range messages {
		inv, err := e.service.Invite(context.Background(), biomed, enroll.Invitation{For: enroll.ForSerial, Class: device.ClassPumpLVP,
			Serial: fmt.Sprintf("SN-%d-%d", e.rounds, i)})
		if err != nil {
			e.b.Fatal(err)
		}
		c := e.clients[i]
		c.transaction = fmt.Sprint("transaction", e.rounds, i)
		messages[i], _ = c.build(message{kind: "19", content: c.csr(inv.SCEPChallenge, nil), recipient: e.ca.Certificate(ca.RoleRA)})
	}
	return messages
}

// send posts the messages, eight at a time.
func (e *endToEnd) send(messages [][]byte) {
	work := make(chan []byte, len(messages))
	for _, m := range messages {
		work <- m
	}
	close(work)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for m := range work {
				resp, err := http.Post(e.server.URL+"/scep?operation=PKIOperation", "application/x-pki-message", bytes.NewReader(m))
				if err != nil {
					e.b.Error(err)
					return
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				// A refusal is as good as a certificate to HTTP; it is much shorter.
				if err != nil || resp.StatusCode != http.StatusOK || len(body) < 2000 {
					e.b.Errorf("HTTP %d, %d bytes: %v", resp.StatusCode, len(body), err)
					return
				}
			}
		})
	}
	wg.Wait()
}
