package agent

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wardline/commands"
	"wardline/device"
)

// line is a connection to the listener with any certificate, or none.
type line struct {
	h      *hospital
	client *http.Client
}

func (h *hospital) lineWith(cert *x509.Certificate, key any) *line {
	pool := x509.NewCertPool()
	pool.AddCert(h.a.cert)
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	if cert != nil {
		mine := tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &mine, nil }
	}
	t := &http.Transport{TLSClientConfig: cfg, DialContext: h.dial, MaxIdleConnsPerHost: 1}
	h.t.Cleanup(t.CloseIdleConnections)
	return &line{h: h, client: &http.Client{Transport: t}}
}

func (m *member) line() *line { return m.h.lineWith(m.cert, m.key) }

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   []byte
	took   time.Duration
	PollResponse
	problem
}

func (l *line) send(ctx context.Context, body string) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.h.url+PathPoll, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	began := time.Now()
	resp, err := l.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	r := reply{status: resp.StatusCode, header: resp.Header}
	if r.body, err = io.ReadAll(resp.Body); err != nil {
		return reply{}, err
	}
	r.took = time.Since(began)
	into := any(&r.PollResponse)
	if r.status != http.StatusOK {
		into = &r.problem
	}
	if err := json.Unmarshal(r.body, into); err != nil {
		return reply{}, fmt.Errorf("%s: %w", r.body, err)
	}
	return r, nil
}

func (l *line) poll(body string) reply {
	l.h.t.Helper()
	r, err := l.send(context.Background(), body)
	must(l.h.t, err)
	return r
}

func pollBody(boot string, sequence, wait int) string {
	return fmt.Sprintf(`{"protocol":1,"boot_id":%q,"sequence":%d,"wait_seconds":%d,"capabilities":["lock"],"state":{"state_age_ms":0}}`, boot, sequence, wait)
}

func TestAForeignCertificateAndNoneLearnTheSame(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		stranger := newAuthority(t)
		foreign := stranger.deviceCertificate("x", device.ClassPhoneIssued, deviceKeys()[0], time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
		a, b := h.lineWith(nil, nil).poll(pollBody("a", 1, 0)), h.lineWith(foreign, deviceKeys()[0]).poll(pollBody("a", 1, 0))
		equal(t, "status without certificate", a.status, http.StatusUnauthorized)
		equal(t, "status with a foreign one", b.status, http.StatusUnauthorized)
		if !bytes.Equal(a.body, b.body) {
			t.Errorf("the answers differ: %s and %s", a.body, b.body)
		}
	})
}

func TestACertificateIsJudgedForEachRequestAlsoOnAnOpenConnection(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		phone := h.enrolled(device.ClassPhoneIssued)
		l := phone.line()
		equal(t, "first poll", l.poll(pollBody("a", 1, 0)).status, http.StatusOK)
		h.setStanding(phone.Identity, StandingRefused)
		equal(t, "after the revocation", l.poll(pollBody("a", 2, 0)).status, http.StatusForbidden)
		h.setStanding(phone.Identity, StandingContained)
		equal(t, "while contained", l.poll(pollBody("a", 3, 0)).status, http.StatusOK)
		time.Sleep(301 * 24 * time.Hour) // the connection is long closed: this one is resumed or new
		equal(t, "after it expired", l.poll(pollBody("a", 4, 0)).status, http.StatusForbidden)
	})
}

func TestARevokedDevicesHeldPollEndsAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		phone := h.enrolled(device.ClassPhoneIssued)
		time.AfterFunc(9*time.Second, func() { h.setStanding(phone.Identity, StandingRefused) })
		r := phone.line().poll(pollBody("a", 1, 50))
		equal(t, "status", r.status, http.StatusForbidden)
		equal(t, "after", r.took, 9*time.Second)
	})
}

func TestWhenTheServerStopsAllHeldPollsAreAnsweredAndSpreadOut(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		var polls sync.WaitGroup
		var mu sync.Mutex
		pauses := map[int]int{}
		for range 20 {
			phone := h.enrolled(device.ClassPhoneIssued)
			polls.Go(func() {
				r := phone.line().poll(pollBody("a", 1, 50))
				equal(t, "status", r.status, http.StatusOK)
				equal(t, "answered after", r.took, 3*time.Second)
				mu.Lock()
				defer mu.Unlock()
				pauses[r.PollAfterSeconds]++
			})
		}
		pass(3 * time.Second)
		h.handler.Drain()
		polls.Wait()
		if len(pauses) < 3 || pauses[0] > 0 {
			t.Errorf("the devices come back after %v seconds", pauses)
		}
		r := h.enrolled(device.ClassPhoneIssued).line().poll(pollBody("a", 1, 50))
		equal(t, "a poll that comes now is held for", r.took, 0)
	})
}

func TestAnIdlePollTouchesNoDatabase(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		phone := h.enrolled(device.ClassPhoneIssued)
		l := phone.line()
		l.poll(pollBody("a", 1, 0))
		before := h.count(func(d *desk) int { return len(d.leases) + len(d.recorded) })
		for i := range 20 {
			l.poll(pollBody("a", 2+i, 0))
		}
		equal(t, "leases and records", h.count(func(d *desk) int { return len(d.leases) + len(d.recorded) })-before, 0)
		equal(t, "reports noted in memory", h.count(func(d *desk) int { return len(d.seen) }), 20)
	})
}

func TestWokenPollsLeaseTogether(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		const devices = 300
		var got, polls sync.WaitGroup
		ids := make([]device.EnrollmentID, devices)
		got.Add(devices)
		for i := range devices {
			phone := h.enrolledIn(device.ClassPhoneIssued, t.TempDir())
			ids[i] = phone.Enrollment
			h.give(phone.Identity, device.KindLock, "", nil, commands.Envelope{})
			polls.Go(func() {
				if r := phone.line().poll(pollBody("a", 1, 50)); len(r.Commands) == 1 {
					got.Done()
				}
			})
		}
		synctest.Wait()
		h.hub.Mark(ids...)
		polls.Wait()
		got.Wait()
		sizes := h.count(func(d *desk) int { return len(d.leases) })
		if sizes > 4 {
			t.Errorf("%d devices needed %d leases", devices, sizes)
		}
	})
}

func TestWorkThatNeedsAFresherStateSendsThePollBackAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		pump := h.enrolled(device.ClassPumpLVP)
		h.lease = func(polls []commands.Poll) (map[device.EnrollmentID]commands.Leased, error) {
			stale := time.Since(polls[0].Report.ReceivedAt) > 10*time.Second
			l := commands.Leased{PollAgain: stale}
			if !stale {
				l.Envelopes = []string{"an order"}
			}
			return map[device.EnrollmentID]commands.Leased{pump.Enrollment: l}, nil
		}
		time.AfterFunc(30*time.Second, func() { h.hub.Mark(pump.Enrollment) })
		l := pump.line()
		r := l.poll(pollBody("a", 1, 50))
		if len(r.Commands) != 0 || r.PollAfterSeconds != 0 || r.took > 31*time.Second {
			t.Errorf("the stale poll was answered with %d commands, %d s, after %v", len(r.Commands), r.PollAfterSeconds, r.took)
		}
		if r := l.poll(pollBody("a", 2, 50)); len(r.Commands) != 1 || r.took > time.Second {
			t.Errorf("the fresh poll was answered with %d commands after %v", len(r.Commands), r.took)
		}
	})
}

func TestTwoLiveBootsOfOneEnrollmentAreACloneAlert(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		phone := h.enrolled(device.ClassPhoneIssued)
		l := phone.line()
		for i := range 5 {
			l.poll(pollBody("original", 1+i, 0))
			time.Sleep(5 * time.Second)
			l.poll(pollBody("copy", 1+i, 0))
			time.Sleep(5 * time.Second)
		}
		if len(h.clones) != 1 || h.clones[0] != [2]string{"copy", "original"} {
			t.Errorf("alerts: %v", h.clones)
		}
	})
}

func TestARestartIsNotAClone(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		phone := h.enrolled(device.ClassPhoneIssued)
		l := phone.line()
		for boot := range 10 {
			for i := range 3 {
				equal(t, "status", l.poll(pollBody(fmt.Sprint("boot", boot), 1+i, 0)).status, http.StatusOK)
			}
			time.Sleep(time.Minute)
		}
		equal(t, "alerts", len(h.clones), 0)
	})
}

func TestASequenceThatIsRepeatedIsRefusedAndAtLengthACloneAlert(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		phone := h.enrolled(device.ClassPhoneIssued)
		l := phone.line()
		l.poll(pollBody("a", 7, 0))
		for range 2 {
			equal(t, "status", l.poll(pollBody("a", 7, 0)).status, http.StatusConflict)
		}
		equal(t, "alerts after two repetitions", len(h.clones), 0)
		equal(t, "status", l.poll(pollBody("a", 6, 0)).status, http.StatusConflict)
		equal(t, "alerts after three", len(h.clones), 1)
		equal(t, "the next number", l.poll(pollBody("a", 8, 0)).status, http.StatusOK)
	})
}

func TestAnOlderHeldPollGivesWayToANewerOne(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		phone := h.enrolled(device.ClassPhoneIssued)
		first := make(chan reply, 1)
		go func() { first <- phone.line().poll(pollBody("a", 1, 50)) }()
		pass(4 * time.Second)
		second := make(chan reply, 1)
		go func() { second <- phone.line().poll(pollBody("a", 2, 50)) }()
		r := <-first
		equal(t, "the older one ended after", r.took, 4*time.Second)
		h.ask(phone.Identity, device.KindLock)
		equal(t, "orders in the newer one", len((<-second).Commands), 1)
	})
}

func TestAPollIsNotHeldWhenFilesRunShort(t *testing.T) {
	load := NewLoad(10)
	bubble(t, func(t *testing.T, h *hospital) {
		load.open.Store(9)
		r := h.enrolled(device.ClassPhoneIssued).line().poll(pollBody("a", 1, 50))
		equal(t, "held for", r.took, 0)
		if r.PollAfterSeconds < 90 {
			t.Errorf("the device is asked to come back after %d s", r.PollAfterSeconds)
		}
	}, func(o *HandlerOptions) { o.Load = load })
}

func TestAHandshakeIsNotRefusedForAnExpiredCertificate(t *testing.T) {
	// It may still renew, over the same listener.
	bubble(t, func(t *testing.T, h *hospital) {
		old := h.a.deviceCertificate("x", device.ClassPhoneIssued, deviceKeys()[0], time.Now().Add(-48*time.Hour), time.Now().Add(-time.Hour))
		equal(t, "status", h.lineWith(old, deviceKeys()[0]).poll(pollBody("a", 1, 0)).status, http.StatusUnauthorized)
	})
}

func TestWhatIsNotAPollIsRefusedInWords(t *testing.T) {
	long := strings.Repeat("x", 200)
	bubble(t, func(t *testing.T, h *hospital) {
		l := h.enrolled(device.ClassPhoneIssued).line()
		for name, c := range map[string]struct {
			body   string
			status int
			code   string
		}{
			"not JSON":         {`{`, 422, "poll_unreadable"},
			"something after":  {pollBody("a", 1, 0) + "x", 422, "poll_unreadable"},
			"another protocol": {`{"protocol":2,"boot_id":{}}`, 422, "protocol_unsupported"},
			"no boot":          {pollBody("", 1, 0), 422, "poll_unreadable"},
			"long boot":        {pollBody(long, 1, 0), 422, "poll_unreadable"},
			"sequence 0":       {pollBody("a", 0, 0), 422, "poll_unreadable"},
			"long wait":        {pollBody("a", 1, 56), 422, "poll_unreadable"},
			"dosing":           {`{"protocol":1,"boot_id":"a","sequence":1,"state":{"therapy":"dosing"}}`, 422, "poll_unreadable"},
			"battery 101":      {`{"protocol":1,"boot_id":"a","sequence":1,"state":{"battery_percent":101}}`, 422, "poll_unreadable"},
			"negative age":     {`{"protocol":1,"boot_id":"a","sequence":1,"state":{"state_age_ms":-1}}`, 422, "poll_unreadable"},
			"bssid":            {`{"protocol":1,"boot_id":"a","sequence":1,"state":{"network":{"bssid":"00:1a"}}}`, 422, "poll_unreadable"},
			"north of north":   {`{"protocol":1,"boot_id":"a","sequence":1,"state":{"location":{"latitude":91}}}`, 422, "poll_unreadable"},
			"a strange result": {`{"protocol":1,"boot_id":"a","sequence":1,"state":{},"results":[{"command_id":"x","status":"succeeded"}]}`, 422, "poll_unreadable"},
			"too large":        {`{"protocol":1,"boot_id":"` + strings.Repeat("x", MaxPollBytes) + `"}`, 413, "poll_too_large"},
		} {
			r := l.poll(c.body)
			equal(t, name+": status", r.status, c.status)
			equal(t, name+": code", r.problem.Code, c.code)
			equal(t, name+": type", r.header.Get("Content-Type"), "application/problem+json")
		}
		// Names that this server does not know are a newer agent's.
		equal(t, "a newer agent", l.poll(`{"protocol":1,"boot_id":"a","sequence":1,"state":{"mood":"good"},"extra":1}`).status, http.StatusOK)
	})
}

func TestOurOwnTroubleIsNotToldToDevices(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		phone := h.enrolled(device.ClassPhoneIssued)
		h.lease = func([]commands.Poll) (map[device.EnrollmentID]commands.Leased, error) {
			return nil, errors.New("relation command does not exist")
		}
		h.hub.Mark(phone.Enrollment)
		r := phone.line().poll(pollBody("a", 1, 50))
		equal(t, "status", r.status, http.StatusServiceUnavailable)
		if strings.Contains(string(r.body), "relation") || r.header.Get("Retry-After") == "" {
			t.Errorf("answered %s, Retry-After %q", r.body, r.header.Get("Retry-After"))
		}
	})
}

func FuzzPollRequest(f *testing.F) {
	f.Add([]byte(pollBody("a", 1, 50)))
	f.Add([]byte(`{"protocol":1,"boot_id":"b","sequence":1842,"wait_seconds":50,"capabilities":["lock","locate"],
 "state":{"therapy":"stopped","state_age_ms":120,"battery_percent":81,"charging":false,
          "network":{"ssid":"HOSP-IOMT","bssid":"00:1a:1e:aa:bb:cc","rssi_dbm":-61},
          "location":null,"storage_encrypted":true,"passcode_set":true,"wall_clock":"2026-01-02T03:04:05Z","config_versions":{"wifi":"7"}},
 "inventory_hash":"sha256:00","inventory":{"maker":"m","apps":[{"id":"a","version":"1"}]},
 "results":[{"command_id":"01890a5d-ac96-774b-bcce-b302099a8057","status":"accepted","reason":"","detail":{},"age_ms":40,"receipt":"a.b.c"}]}`))
	f.Add([]byte(`{"protocol":2}`))
	f.Add([]byte(`{"protocol":1,"state":{"location":{"latitude":1e999}}}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, b []byte) {
		req, err := decodePoll(b)
		if err != nil {
			return
		}
		// What passes the door is within what the rest was made for.
		if req.Sequence == 0 || req.WaitSeconds < 0 || req.WaitSeconds > MaxWaitSeconds || len(req.Results) > MaxResults {
			t.Fatalf("%+v", req)
		}
		now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		r := report(req, now)
		if r.TherapyAge < 0 || r.TherapyAt.After(now) || r.BatteryPercent < -1 || r.BatteryPercent > 100 {
			t.Fatalf("%+v", r)
		}
		if len(results(req)) != len(req.Results) {
			t.Fatal("a result was lost")
		}
	})
}
