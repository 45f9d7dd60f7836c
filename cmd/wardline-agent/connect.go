package main

import (
	"context"
	"fmt"
	"net"
	"time"
)

// connectFlags say how the server is reached.
type connectFlags struct {
	ConnectTo string `help:"Connect here instead of the address in the server's URL, for trials before DNS is set up; the name in the certificate is still checked." placeholder:"HOST:PORT"`
}

const dialTimeout = 10 * time.Second

// dial returns nil when the address in the URL is to be used.
func (c connectFlags) dial() (func(ctx context.Context, network, address string) (net.Conn, error), error) {
	if c.ConnectTo == "" {
		return nil, nil
	}
	if _, _, err := net.SplitHostPort(c.ConnectTo); err != nil {
		return nil, fmt.Errorf("--connect-to %q is not host:port, such as 192.0.2.10:8444", c.ConnectTo)
	}
	d := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return d.DialContext(ctx, network, c.ConnectTo)
	}, nil
}
