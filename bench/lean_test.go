package main

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestTheLeanClientReadsWhatGoServersWrite(t *testing.T) {
	long := strings.Repeat("0123456789", 1000)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		switch string(body) {
		case "short":
			_, _ = io.WriteString(w, "answer to short")
		case "chunked":
			for part := range strings.SplitSeq(long, "5") {
				_, _ = io.WriteString(w, part+"5")
				w.(http.Flusher).Flush()
			}
		case "refused":
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	server.StartTLS()
	defer server.Close()

	l, err := dialLean(context.Background(), server.Listener.Addr().String(), "/", &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	for _, c := range []struct {
		body, answer string
		status       int
	}{
		{"short", "answer to short", 200},
		{"chunked", long + "5", 200},
		{"refused", "", 403},
		{"short", "answer to short", 200}, // on the same connection
	} {
		status, answer, err := l.post([]byte(c.body), 10*time.Second)
		if err != nil || status != c.status || string(answer) != c.answer {
			t.Errorf("%s: %d, %d bytes, %v; want %d, %d bytes", c.body, status, len(answer), err, c.status, len(c.answer))
		}
	}
}

func TestAPercentileIsAMeasuredValue(t *testing.T) {
	var all []time.Duration
	for i := 100; i > 0; i-- {
		all = append(all, time.Duration(i))
	}
	for p, want := range map[float64]time.Duration{0.5: 50, 0.99: 99, 1: 100} {
		if got := percentile(all, p); got != want {
			t.Errorf("the %g of 1 to 100 is %d, want %d", p, got, want)
		}
	}
	if got := percentile([]time.Duration{7}, 0.99); got != 7 {
		t.Errorf("of one value: %d", got)
	}
}
