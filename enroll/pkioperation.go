package enroll

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"

	"wardline/audit"
	"wardline/ca"
	"wardline/internal/fault"
)

// errUnparsable: the body is not a SCEP message.
var errUnparsable = errors.New("not a SCEP message")

// PKIOperation answers one SCEP message (RFC 8894, section 3). remote is the
// network address it came from. A refusal is a signed answer and no error; an
// error is errUnparsable, a full queue, or an outage, and never says more.
func (s *Service) PKIOperation(ctx context.Context, body []byte, remote string) ([]byte, error) {
	m, err := parseMessage(body)
	if err != nil {
		s.refused(ctx, remote, nil, fmt.Errorf("%w: %w", errUnparsable, err))
		return nil, errUnparsable
	}
	// RSA work is bounded: a flood waits here, it does not pile up on the cores.
	release, err := s.rsa.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	ras := s.opts.CA.RAs()
	a, err := s.operate(ctx, m, ras, remote)
	if err != nil {
		fail := failInfoOf(err)
		if fail == "" {
			return nil, err
		}
		s.refused(ctx, remote, m, err)
		a = answer{status: statusFailure, fail: fail}
	}
	return certRep(s.opts.Random, ras[0], m, a)
}

// failInfoOf maps a refusal to what travels; empty: it is no refusal.
func failInfoOf(err error) failInfo {
	var bad *errMessage
	if errors.As(err, &bad) {
		return bad.fail
	}
	f, ok := fault.As(err)
	if !ok {
		return ""
	}
	switch f.Code.Name {
	case CodeWeak.Name, ca.CodeKey.Name:
		return failBadAlg
	case CodeRenewal.Name:
		return failBadCertID
	}
	if f.Code.Category == fault.Unavailable && f.Code.Name != ca.CodeAddress.Name {
		return ""
	}
	return failBadRequest
}

// operate checks a message and does what it asks.
func (s *Service) operate(ctx context.Context, m *message, ras []ca.RA, remote string) (answer, error) {
	if err := m.verify(); err != nil {
		return answer{}, err
	}
	switch m.kind {
	case typePKCSReq, typeRenewalReq:
	case typeCertPoll:
		return s.poll(ctx, m, remote)
	default:
		return answer{}, &errMessage{failBadRequest, "the message is of a type that is not served"}
	}
	e, err := parseEnvelope(m.content, ras)
	if err != nil {
		return answer{}, err
	}
	weak := m.digest == crypto.SHA1 || e.cipher.weak
	if weak {
		// Which model it is stands inside. Where no model may use such algorithms
		// nothing is opened at all.
		legacy, err := s.opts.Store.LegacyModels(ctx)
		if err != nil {
			return answer{}, err
		}
		if !legacy {
			return answer{}, CodeWeak.New("The request uses DES, 3DES or SHA-1, which no model here may.")
		}
	}
	csr, err := s.openRequest(m, e)
	if err != nil {
		return answer{}, err
	}
	ask, err := askOf(m, csr, weak)
	if err != nil {
		return answer{}, err
	}
	ask.Remote = remote
	return s.grant(ctx, m, ask, e.cipher)
}

// openRequest decrypts the certificate request and checks that whoever sent it
// has the key in it.
func (s *Service) openRequest(m *message, e *envelope) (*x509.CertificateRequest, error) {
	alike := &errMessage{failBadMessageCheck, "the certificate request cannot be opened, or is not signed with its own key"}
	der, err := e.open(s.opts.Random)
	if err != nil {
		return nil, alike
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, alike
	}
	if err := ca.CheckDeviceKey(csr.PublicKey); err != nil {
		return nil, err
	}
	if csr.CheckSignature() != nil {
		return nil, alike
	}
	// A first request proves possession once more: its signer is the key itself.
	if key, ok := csr.PublicKey.(*rsa.PublicKey); m.selfSigned() && (!ok || !key.Equal(m.signer.PublicKey)) {
		return nil, alike
	}
	return csr, nil
}

var oidChallengePassword = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 7}

// challengeOf returns the challenge password of a certificate request, empty when
// there is none.
func challengeOf(csr *x509.CertificateRequest) (string, error) {
	var tbs struct {
		Version    int
		Subject    asn1.RawValue
		PublicKey  asn1.RawValue
		Attributes []attribute `asn1:"tag:0,set"`
	}
	if err := unmarshal(csr.RawTBSCertificateRequest, &tbs); err != nil {
		return "", &errMessage{failBadRequest, "the attributes of the certificate request cannot be read"}
	}
	var challenge string
	for _, a := range tbs.Attributes {
		if !a.Type.Equal(oidChallengePassword) {
			continue
		}
		if err := once(&challenge, a); err != nil {
			return "", &errMessage{failBadRequest, "the challenge of the certificate request cannot be read"}
		}
	}
	return challenge, nil
}

func askOf(m *message, csr *x509.CertificateRequest, weak bool) (Ask, error) {
	ask := Ask{Transaction: m.transaction, Signer: signerName(m), CSR: csr.Raw, CSRHash: hash(csr.Raw),
		KeyHash: hash(csr.RawSubjectPublicKeyInfo), Weak: weak || sha1Signed(csr)}
	if !m.selfSigned() {
		ask.Renews = ca.FingerprintOf(m.signer.Raw)
		return ask, nil
	}
	challenge, err := challengeOf(csr)
	if err != nil {
		return Ask{}, err
	}
	ask.Challenge = hashSecret(challenge)
	return ask, nil
}

func sha1Signed(csr *x509.CertificateRequest) bool {
	return csr.SignatureAlgorithm == x509.SHA1WithRSA
}

// signerName names who signed a message: a key, for the throw-away certificates
// of first requests, which differ each time; or one of our certificates.
func signerName(m *message) string {
	if m.selfSigned() {
		return "key:" + hash(m.signer.RawSubjectPublicKeyInfo)
	}
	return "cert:" + string(ca.FingerprintOf(m.signer.Raw))
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// poll answers a client that was told to wait (RFC 8894, 3.3.3). Its envelope
// holds names only; what counts is that the same key signed it.
func (s *Service) poll(ctx context.Context, m *message, remote string) (answer, error) {
	previous, err := s.opts.Store.Poll(ctx, m.transaction, signerName(m))
	if err != nil {
		return answer{}, err
	}
	if previous.State == TransactionWaiting {
		return answer{status: statusPending, digest: m.digest}, nil
	}
	csr, err := x509.ParseCertificateRequest(previous.CSR)
	if err != nil {
		return answer{}, fmt.Errorf("parse the stored certificate request of transaction %s: %w", previous.ID, err)
	}
	ask := Ask{Transaction: m.transaction, Signer: signerName(m), CSR: csr.Raw, CSRHash: hash(csr.Raw),
		KeyHash: hash(csr.RawSubjectPublicKeyInfo), Remote: remote, Weak: m.digest == crypto.SHA1}
	if previous.Renewal {
		ask.Renews = ca.FingerprintOf(m.signer.Raw)
	}
	return s.grant(ctx, m, ask, cipherAES128)
}

// grant decides an Ask, signs the certificate if there is to be one, and makes
// the answer. The serial number is recorded before the signature is made; when
// the process dies in between, the same request finds the record and goes on.
func (s *Service) grant(ctx context.Context, m *message, ask Ask, c *contentCipher) (answer, error) {
	if err := s.opts.CA.CheckReady(); err != nil {
		return answer{}, err
	}
	serial, err := s.opts.CA.NewSerial()
	if err != nil {
		return answer{}, err
	}
	window := s.opts.CA.DeviceWindow()
	g, err := s.opts.Store.Enroll(ctx, ask, Draw{Serial: serial, NotBefore: window.NotBefore, NotAfter: window.NotAfter},
		func(f Facts) (Decision, error) { return judge(ask, f) })
	if err != nil {
		return answer{}, err
	}
	if g.Waiting {
		return answer{status: statusPending, digest: m.digest}, nil
	}
	if g.DER == nil {
		csr, err := x509.ParseCertificateRequest(g.CSR)
		if err != nil {
			return answer{}, fmt.Errorf("parse the stored certificate request of transaction %s: %w", g.Transaction, err)
		}
		der, err := s.opts.CA.SignDevice(g.Serial, g.Request, csr.PublicKey)
		if err != nil {
			return answer{}, err
		}
		if g.DER, err = s.opts.Store.StoreIssued(ctx, g, der); err != nil {
			return answer{}, fmt.Errorf("store the certificate of device %s: %w", g.Request.Device, err)
		}
	}
	return answer{status: statusSuccess, certificate: g.DER, cipher: c, digest: m.digest}, nil
}

// refused writes the audit event of a refusal. The log is not a lever either:
// past a rate the events are counted and the count stands in the next one.
func (s *Service) refused(ctx context.Context, remote string, m *message, why error) {
	suppressed, ok := s.refusals.take()
	if !ok {
		return
	}
	e := audit.Event{Action: "scep.refused", Actor: audit.Actor{Kind: audit.ActorNobody, ID: remote, Via: "scep"},
		Detail: map[string]any{"reason": reasonOf(why)}}
	if suppressed > 0 {
		e.Detail["refusals_not_listed_before"] = suppressed
	}
	if m != nil {
		e.Detail["transaction"] = m.transaction
		e.Detail["message_type"] = m.kind
		e.Detail["signer"] = signerName(m)
	}
	if f, ok := fault.As(why); ok {
		e.Detail["code"] = f.Code.Name
	}
	s.log.InfoContext(ctx, "SCEP request refused", "remote", remote, "reason", reasonOf(why))
	// The device goes away while we write, more often than not.
	if err := s.opts.Store.RecordRefusal(context.WithoutCancel(ctx), e); err != nil {
		s.log.ErrorContext(ctx, "a SCEP refusal could not be recorded", "error", err)
	}
}

func reasonOf(err error) string {
	var bad *errMessage
	if errors.As(err, &bad) {
		return bad.why
	}
	if f, ok := fault.As(err); ok {
		return f.Detail
	}
	if errors.Is(err, errUnparsable) {
		return "the body is not a SCEP message"
	}
	return "internal error"
}
