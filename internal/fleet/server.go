package fleet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Ward is a running ward page with its control address.
type Ward struct {
	// URL is the address of both, without a final slash: the page at URL/, the
	// devices at URL/devices.
	URL    string
	server *http.Server
	done   chan struct{}
}

// OpenWard serves the ward page and the control address over plain HTTP on addr,
// host:port, port 0 for a free one. Any other host than a loopback one is
// refused: what is served there shows passwords and changes devices.
func (f *Fleet) OpenWard(ctx context.Context, addr string) (*Ward, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil || !loopbackHost(net.JoinHostPort(host, "0")) {
		return nil, fmt.Errorf("the ward page is for this machine only: %q is not a loopback address such as 127.0.0.1:8080", addr)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("open the ward page: %w", err)
	}
	tcp, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return nil, errors.Join(fmt.Errorf("open the ward page: %s is not a TCP address", l.Addr()), l.Close())
	}
	w := &Ward{URL: fmt.Sprintf("http://localhost:%d", tcp.Port), done: make(chan struct{})}
	w.server = &http.Server{Handler: f.WardPage(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 20 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(f.log.Handler(), slog.LevelDebug)}
	go func() {
		defer close(w.done)
		if err := w.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			f.log.Error("the ward page ended", "error", err)
		}
	}()
	return w, nil
}

// Close ends the page. Open event streams are cut: a page that is closed has
// nothing more to say.
func (w *Ward) Close() error {
	err := w.server.Close()
	<-w.done
	return err
}
