package agent

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"wardline/device"
)

// BenchmarkIdlePoll is the daily poll of a device that has nothing to fetch, over
// mutual TLS on kept connections, beside a handler that discards the body and
// answers a constant, with the same generator and the same TLS settings. The
// queue, the bindings and the inventory are in memory: what the databases add is
// measured by make bench.
func BenchmarkIdlePoll(b *testing.B) {
	b.Run("wardline", func(b *testing.B) {
		h := openOnTCP(b)
		h.desk.quiet = true
		generate(b, h, h.url+PathPoll)
	})
	b.Run("bare", func(b *testing.B) {
		h := openOnTCP(b)
		answer := []byte(`{"device_id":"","commands":[],"poll_after_seconds":60}`)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(b, err)
		s := NewDeviceServer(h.a.serverConfig(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = w.Write(answer)
		}), nil)
		go func() { _ = s.ServeTLS(l, "", "") }()
		b.Cleanup(func() { _ = s.Close() })
		generate(b, h, "https://"+l.Addr().String()+PathPoll)
	})
}

const idlePoll = `{"protocol":1,"boot_id":"b7e1","sequence":%d,"wait_seconds":0,"capabilities":["lock","locate"],` +
	`"state":{"therapy":"stopped","state_age_ms":120,"battery_percent":81,"charging":false,` +
	`"network":{"ssid":"HOSP-IOMT","bssid":"00:1a:1e:aa:bb:cc","rssi_dbm":-61},"location":null,"storage_encrypted":true,` +
	`"passcode_set":true,"wall_clock":"2026-03-04T05:06:07Z","config_versions":{"wifi":"7"}},"inventory_hash":"","inventory":null,"results":[]}`

func generate(b *testing.B, h *hospital, url string) {
	b.Helper()
	var made atomic.Int64
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		l := h.enrolledIn(device.ClassPumpLVP, fmt.Sprintf("%s/%d", b.TempDir(), made.Add(1))).line()
		for n := 1; pb.Next(); n++ {
			req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, bytes.NewReader(fmt.Appendf(nil, idlePoll, n)))
			if err != nil {
				b.Error(err)
				return
			}
			req.Header.Set("Content-Type", "application/json")
			resp, err := l.client.Do(req)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				b.Errorf("status %d", resp.StatusCode)
				return
			}
		}
	})
}
