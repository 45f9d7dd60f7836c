package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"wardline/app"
)

// version and commit are set by the linker (Makefile).
var (
	version = "dev"
	commit  = ""
)

type versionCmd struct{}

func (versionCmd) Run(t terminal) error {
	from := commit
	if info, ok := debug.ReadBuildInfo(); ok && from == "" {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				from = s.Value
			}
		}
	}
	if from != "" {
		from = " (" + from + ")"
	}
	_, err := fmt.Fprintf(t.out, "wardline %s%s\n", version, from)
	return err
}

const healthTimeout = 4 * time.Second

type healthCmd struct {
	URL  string `help:"Address of the admin listener." default:"https://localhost:8443" placeholder:"URL"`
	Data string `help:"Data folder, for the server's own certificate authority." placeholder:"DIR" type:"path"`
}

// Run exits 0 when the server says that it should get traffic.
func (c healthCmd) Run(ctx context.Context, t terminal) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	data := c.Data
	if data == "" {
		data = defaultData("wardline")
	}
	pem, err := os.ReadFile(filepath.Join(data, app.RootFile))
	if err != nil {
		return fmt.Errorf("read the server's certificate authority: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return fmt.Errorf("%s holds no certificate", app.RootFile)
	}
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.URL, "/")+"/readyz", nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return err
	}
	fmt.Fprintln(t.out, strings.TrimSpace(string(body)))
	if res.StatusCode != http.StatusOK {
		return exitStatus{code: exitError}
	}
	return nil
}
