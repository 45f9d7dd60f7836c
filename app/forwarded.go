package app

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
)

// Headers in which a proxy that ends TLS speaks of a device (RFC 9440), and the
// one by which it proves that it is the proxy.
const (
	headerCertificate = "Client-Cert"
	headerChain       = "Client-Cert-Chain"
	headerSecret      = "Wardline-Proxy-Secret"
)

// minProxySecret is how long a proxy's secret is at least.
const minProxySecret = 32

// forwarded takes from a proxy that ends TLS which certificate a device came
// with. A device's identity hangs on it, so that an address alone is not
// believed: the proxy also shows a secret, as devices in the same network can
// send any header. From everybody else the headers are taken away unread.
type forwarded struct {
	trusted []netip.Prefix
	secret  [sha256.Size]byte
	enabled bool
}

func newForwarded(proxies []string, secretFile string) (*forwarded, error) {
	f := &forwarded{}
	for _, text := range proxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			addr, addrErr := netip.ParseAddr(text)
			if addrErr != nil {
				return nil, codeBadOption.New("--trusted-proxies %q is neither an address nor a network such as 10.2.0.0/24", text)
			}
			p = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
		}
		f.trusted = append(f.trusted, p)
	}
	if secretFile == "" {
		return f, nil
	}
	if len(f.trusted) == 0 {
		return nil, codeBadOption.New("--proxy-secret-file is of use only with --trusted-proxies: name the proxy's address")
	}
	body, err := os.ReadFile(secretFile)
	if err != nil {
		return nil, codeBadOption.Wrap(err, "--proxy-secret-file %q cannot be read: %v", secretFile, err)
	}
	secret := strings.TrimSpace(string(body))
	if len(secret) < minProxySecret {
		return nil, codeBadOption.New("--proxy-secret-file %q holds %d characters: make it at least %d, for instance with openssl rand -hex 32",
			secretFile, len(secret), minProxySecret)
	}
	f.secret, f.enabled = sha256.Sum256([]byte(secret)), true
	return f, nil
}

// forwardedKey marks requests that came through the proxy; the value is the
// device's certificate, nil when it showed none.
type forwardedKey struct{}

// around reads what a proxy says, and takes it out of the request for whoever
// comes next.
func (f *forwarded) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		certificates, secrets := r.Header[headerCertificate], r.Header[headerSecret]
		if certificates != nil || secrets != nil {
			if f.isProxy(r, secrets) {
				r = r.WithContext(context.WithValue(r.Context(), forwardedKey{}, parseCertificate(certificates)))
				f.senderOf(r)
			}
			delete(r.Header, headerSecret)
			delete(r.Header, headerCertificate)
		}
		delete(r.Header, headerChain)
		next.ServeHTTP(w, r)
	})
}

// isProxy reports whether a request came from a trusted address and with the
// proxy's secret.
func (f *forwarded) isProxy(r *http.Request, secrets []string) bool {
	if !f.enabled || len(secrets) != 1 || !f.trusts(remoteAddr(r)) {
		return false
	}
	shown := sha256.Sum256([]byte(secrets[0]))
	return subtle.ConstantTimeCompare(shown[:], f.secret[:]) == 1
}

func (f *forwarded) trusts(addr netip.Addr) bool {
	for _, p := range f.trusted {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

func remoteAddr(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap()
}

// senderOf puts the device's own address in the place of the proxy's, by which
// enrollments are counted: the last one named that is not a proxy itself.
func (f *forwarded) senderOf(r *http.Request) {
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		addr, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return
		}
		if addr = addr.Unmap(); !f.trusts(addr) {
			r.RemoteAddr = net.JoinHostPort(addr.String(), "0")
			return
		}
	}
}

// parseCertificate reads the header of RFC 9440: one DER certificate as a byte
// sequence, base64 between colons. More than one means that the proxy let the
// device's own header through: then nothing in it is believed.
func parseCertificate(values []string) *x509.Certificate {
	if len(values) != 1 {
		return nil
	}
	text, opened := strings.CutPrefix(strings.TrimSpace(values[0]), ":")
	text, closed := strings.CutSuffix(text, ":")
	der, err := base64.StdEncoding.DecodeString(text)
	if !opened || !closed || err != nil {
		return nil
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return cert
}

// clientCertificate is the certificate that a device came with: as the proxy
// says where it came through one, in its own TLS connection otherwise. The
// proxy's own certificate is never taken for a device's.
func clientCertificate(r *http.Request) *x509.Certificate {
	if cert, proxied := r.Context().Value(forwardedKey{}).(*x509.Certificate); proxied {
		return cert
	}
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return nil
	}
	return r.TLS.PeerCertificates[0]
}
