package agent

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// renewal allows one at a time.
type renewal struct {
	mu sync.Mutex
}

const (
	// renewCheck is how often the certificate's age is looked at.
	renewCheck = time.Hour
	// renewFirst is the same before the server has been heard.
	renewFirst = 10 * time.Second
	// renewRetry is the pause after a renewal that failed or waits for a person.
	renewRetry = 10 * time.Minute
)

// keepCertificate renews the certificate when a third of its life is left. A
// failure is tried again for ever, also after it has expired.
func (c *Client) keepCertificate(ctx context.Context) error {
	for {
		wait := renewCheck
		if !c.clock.known() {
			wait = renewFirst // by the wall clock alone nothing is renewed
		} else if c.renewalDue() {
			if _, err := c.renew(ctx); err != nil && ctx.Err() == nil {
				c.o.Log.Warn("the certificate could not be renewed; it is tried again", "error", err)
				wait = renewRetry
			}
		}
		if !pause(ctx, wait/2+c.o.random(wait/2)) {
			return nil
		}
	}
}

func (c *Client) renewalDue() bool {
	leaf := c.Certificate()
	third := leaf.NotAfter.Sub(leaf.NotBefore) / 3
	return c.clock.now().After(leaf.NotAfter.Add(-third))
}

// renew asks for a new certificate with a new key, signed with the present one,
// and uses it from then on. A renewal that is under way is taken up where it was:
// same transaction, same key.
func (c *Client) renew(ctx context.Context) (*x509.Certificate, error) {
	c.renewal.mu.Lock()
	defer c.renewal.mu.Unlock()
	c.mu.Lock()
	id, s := c.identity, c.settings
	c.mu.Unlock()

	x, err := c.renewalUnderWay(id, s)
	if err != nil {
		return nil, err
	}
	sc := &scepClient{http: &http.Client{Transport: id.client.Transport, Timeout: time.Minute},
		url: x.URL, root: c.root, now: c.clock.now}
	chain, err := sc.ask(ctx, x, id.key)
	switch {
	case errors.Is(err, errPending):
		x.Pending = true
		return nil, errors.Join(errors.New("a person has to agree to the renewal"), c.dir.writeJSON(fileRenew, x))
	case errors.Is(err, errSCEPRefused):
		// Not with this key and transaction again.
		return nil, errors.Join(fmt.Errorf("renew the certificate: %w", err), c.dir.remove(fileRenew))
	case err != nil:
		return nil, fmt.Errorf("renew the certificate: %w", err)
	}
	key, err := decodeKey(x.Key)
	if err != nil {
		return nil, err
	}
	return chain[0], c.adopt(ctx, key, chain)
}

// renewalUnderWay reads or begins the exchange.
func (c *Client) renewalUnderWay(id *identity, s settings) (*scepExchange, error) {
	x := &scepExchange{}
	found, err := c.dir.readJSON(fileRenew, x)
	if err != nil {
		return nil, err
	}
	if found && string(x.Signer) == string(id.leaf.Raw) {
		return x, nil
	}
	key, err := c.o.NewKey()
	if err != nil {
		return nil, fmt.Errorf("make the new key: %w", err)
	}
	if x, err = newExchange(s.SCEPURL, "", key, id.leaf.Subject, c.clock.now()); err != nil {
		return nil, err
	}
	x.Renewal, x.Signer = true, id.leaf.Raw
	return x, c.dir.writeJSON(fileRenew, x)
}

// adopt puts a new certificate to use at once: on disk, then on this agent's own
// connection. The Wi-Fi supplicant is only told.
func (c *Client) adopt(ctx context.Context, key *rsa.PrivateKey, chain []*x509.Certificate) error {
	if err := c.dir.writeIdentity(key, chain); err != nil {
		return err
	}
	if err := c.dir.remove(fileRenew); err != nil {
		return err
	}
	cert := tls.Certificate{PrivateKey: key, Leaf: chain[0]}
	for _, link := range chain {
		cert.Certificate = append(cert.Certificate, link.Raw)
	}
	c.mu.Lock()
	id, err := c.newIdentity(cert)
	if err != nil {
		c.mu.Unlock()
		return err
	}
	old := c.identity
	c.identity = id
	for _, t := range c.book.order {
		t.receipt = "" // what is still to be sent is signed with the new key
	}
	c.mu.Unlock()
	c.nudge() // the held poll is on the old connection
	old.client.CloseIdleConnections()
	if user, ok := c.o.Driver.(CertificateUser); ok {
		if err := user.CertificateChanged(ctx, cert); err != nil {
			c.o.Log.Warn("the Wi-Fi supplicant did not take note of the new certificate", "error", err)
		}
	}
	return nil
}
