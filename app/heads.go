package app

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"wardline/audit"
	"wardline/ca"
	"wardline/commands"
	"wardline/internal/fault"
)

const (
	headsEvery = 20 * time.Second
	// HeadsFile is the file in the folder of --heads-to: one signed head a line.
	HeadsFile = "wardline-heads.jws"
	// unsentKept is how many heads wait for a place that does not answer: ten days.
	unsentKept = 3000
	sendWithin = 10 * time.Second
)

// heads sends signed heads out of the machine.
type heads struct {
	unsent []audit.SignedHead
}

// signHeads is a background step: it signs the head once in five minutes, and
// sends what was signed.
func (a *App) signHeads(ctx context.Context) error {
	h, signed, err := a.store.SignAuditHead(ctx, func(h audit.SignedHead) (string, error) {
		return commands.SignHead(a.authority.CommandSigner(), h)
	})
	if err != nil {
		return err
	}
	if signed && a.o.HeadsTo != "" {
		a.heads.unsent = append(a.heads.unsent, h)
		if over := len(a.heads.unsent) - unsentKept; over > 0 {
			a.heads.unsent = a.heads.unsent[over:]
		}
	}
	for len(a.heads.unsent) > 0 {
		if err := sendHead(ctx, a.o.HeadsTo, a.heads.unsent[0]); err != nil {
			return fmt.Errorf("send a signed head of the audit log to %s (%d wait): %w", redacted(a.o.HeadsTo), len(a.heads.unsent), err)
		}
		a.heads.unsent = a.heads.unsent[1:]
	}
	return nil
}

func isAddress(to string) bool {
	return strings.HasPrefix(to, "https://") || strings.HasPrefix(to, "http://")
}

// checkHeadsTo refuses an address that would be read on the way.
func checkHeadsTo(to string, loopback bool) error {
	if !isAddress(to) {
		return nil
	}
	u, err := url.Parse(to)
	if err != nil || u.Host == "" || (u.Scheme != "https" && !loopback) {
		return codeBadOption.New("--heads-to %q is neither a folder nor an https address", redacted(to))
	}
	return nil
}

// redacted leaves out what an address may hold that is secret.
func redacted(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Host == "" {
		return to
	}
	return u.Scheme + "://" + u.Host + u.Path
}

func sendHead(ctx context.Context, to string, h audit.SignedHead) error {
	if !isAddress(to) {
		f, err := os.OpenFile(filepath.Join(to, HeadsFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		_, err = f.WriteString(h.JWS + "\n")
		return errors.Join(err, f.Sync(), f.Close())
	}
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader([]byte(h.JWS)))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/jose")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	err = errors.Join(err, res.Body.Close())
	if res.StatusCode/100 != 2 {
		return errors.Join(fmt.Errorf("it answered %s", res.Status), err)
	}
	return err
}

// readHead reads a head as people keep it: "number:hash", or signed.
func (a *App) readHead(text string) (audit.SignedHead, error) {
	text = strings.TrimSpace(text)
	if strings.Count(text, ".") == 2 {
		return a.OpenHead(text)
	}
	h, err := parseHead(text)
	return audit.SignedHead{Head: h}, err
}

// OpenHead verifies a signed head up to this server's own root.
func (a *App) OpenHead(text string) (audit.SignedHead, error) {
	roots := x509.NewCertPool()
	roots.AddCert(a.authority.Certificate(ca.RoleRoot))
	h, err := commands.OpenHead(text, roots)
	if err != nil {
		return h, fault.CodeInvalid.Wrap(err, "This is not a signed head of this server's audit log.")
	}
	return h, nil
}

// LocalHead is a signed head on the command line.
type LocalHead struct {
	Seq   int64     `json:"seq"`
	Hash  string    `json:"hash"`
	Epoch int       `json:"epoch"`
	At    time.Time `json:"at"`
	JWS   string    `json:"signed"`
}

func (a *App) localHeads(ctx context.Context, in struct {
	Limit int `json:"limit"`
}) ([]LocalHead, error) {
	list, err := a.store.SignedHeads(ctx, time.Time{}, max(1, min(in.Limit, 10_000)))
	out := make([]LocalHead, len(list))
	for i, h := range list {
		out[i] = LocalHead{Seq: h.Seq, Hash: fmt.Sprintf("%x", h.Hash), Epoch: h.Epoch, At: h.At, JWS: h.JWS}
	}
	return out, err
}
