package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"wardline/internal/fault"
)

var codeCannotListen = fault.Define(fault.Unavailable, "cannot_listen",
	"Free the port, or choose another one with the flag that the message names; port 0 picks a free one.")

// sockets are the bound listeners. They are bound before anything else is built,
// so that a taken port is told at once and port 0 is known when addresses are
// needed.
type sockets struct {
	admin, public, device, pki, metrics net.Listener
}

func (a *App) bind(ctx context.Context) error {
	var config net.ListenConfig
	for _, l := range []struct {
		flag, addr string
		into       *net.Listener
	}{
		{"--admin-addr", a.o.AdminAddr, &a.sockets.admin},
		{"--public-addr", a.o.PublicAddr, &a.sockets.public},
		{"--device-addr", a.o.DeviceAddr, &a.sockets.device},
		{"--pki-addr", a.o.PKIAddr, &a.sockets.pki},
		{"--metrics-addr", a.o.MetricsAddr, &a.sockets.metrics},
	} {
		if l.addr == "" {
			continue
		}
		bound, err := config.Listen(ctx, "tcp", l.addr)
		if err != nil {
			return codeCannotListen.Wrap(err, "cannot listen on %s (%s): %v", l.addr, l.flag, errors.Unwrap(err))
		}
		*l.into = bound
		a.life.started("the port of "+l.flag, func(context.Context) error {
			if err := bound.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
				return err
			}
			return nil
		})
	}
	return nil
}

// Timeouts of every listener but the device listener, which has its own.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 60 * time.Second
	idleTimeout       = 120 * time.Second
	maxHeaderBytes    = 32 << 10
)

// newServer makes a server for people's browsers and programs. There is no write
// timeout: the event stream and exports are long, and set deadlines of their own.
func newServer(handler http.Handler, config *tls.Config) *http.Server {
	return &http.Server{
		Handler: handler, TLSConfig: config,
		ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
	}
}

// serve runs a server on a bound listener until the app stops.
func (a *App) serve(name string, l net.Listener, s *http.Server) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		var err error
		if s.TLSConfig != nil {
			err = s.ServeTLS(l, "", "")
		} else {
			err = s.Serve(l)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			a.fail(fmt.Errorf("the %s listener ended: %w", name, err))
		}
	}()
	a.life.started("the "+name+" listener", func(ctx context.Context) error {
		err := s.Shutdown(ctx)
		if err != nil {
			// Whoever is still connected after the drain is cut off.
			err = errors.Join(err, s.Close())
		}
		<-done
		return err
	})
}

// tlsConfig serves the certificate that get returns.
func tlsConfig(get func(*tls.ClientHelloInfo) (*tls.Certificate, error)) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: get}
}
