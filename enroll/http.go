package enroll

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"wardline/ca"
	"wardline/internal/fault"
)

const maxBootstrap = 4 << 10

// RegisterBootstrap adds POST /enroll/v1 to the device listener.
func (s *Service) RegisterBootstrap(r gin.IRoutes) { r.POST(BootstrapPath, s.bootstrap) }

func (s *Service) bootstrap(c *gin.Context) {
	var req BootstrapRequest
	dec := json.NewDecoder(http.MaxBytesReader(c.Writer, c.Request.Body, maxBootstrap))
	if err := dec.Decode(&req); err != nil {
		s.problem(c, fault.CodeInvalid.New("The body is not the JSON object that %s takes.", BootstrapPath))
		return
	}
	out, err := s.Bootstrap(c.Request.Context(), req, c.RemoteIP())
	if err != nil {
		s.problem(c, err)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, out)
}

// problem answers with an RFC 9457 problem. What is not a fault is logged and
// not told.
func (s *Service) problem(c *gin.Context, err error) {
	f, ok := fault.As(err)
	if !ok {
		s.log.ErrorContext(c.Request.Context(), "bootstrap failed", "error", err)
		f = fault.CodeUnavailable.New("The server cannot answer just now.")
	}
	status := f.Code.Category.Status()
	body := gin.H{"type": "about:blank", "title": http.StatusText(status), "status": status, "code": f.Code.Name, "detail": f.Detail}
	if len(f.Fields) > 0 {
		body["errors"] = f.Fields
	}
	if f.RetryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())))
	}
	c.Header("Content-Type", "application/problem+json")
	c.JSON(status, body)
}

// RegisterPKI adds what verifiers fetch to the pki listener: CRLs, OCSP and the
// issuers' certificates. All of it is signed; it needs no TLS.
func (s *Service) RegisterPKI(r gin.IRoutes) {
	r.GET("/crl/:file", s.crl)
	r.GET("/ca/:file", s.issuer)
	r.POST("/ocsp", s.ocspPost)
	r.GET("/ocsp/*request", s.ocspGet)
}

// crlMaxAge is how long a cache may keep a CRL, in seconds: a revocation is in it
// within a minute.
const crlMaxAge = 30

func (s *Service) crl(c *gin.Context) {
	name, ok := strings.CutSuffix(c.Param("file"), ".crl")
	list, err := s.opts.CA.CRL(ca.Role(name))
	if !ok || err != nil {
		c.Status(http.StatusNotFound)
		return
	}
	c.Header("Cache-Control", "max-age="+strconv.Itoa(crlMaxAge))
	c.Header("Last-Modified", list.ThisUpdate.UTC().Format(http.TimeFormat))
	c.Data(http.StatusOK, "application/pkix-crl", list.DER)
}

func (s *Service) issuer(c *gin.Context) {
	role := ca.Role(strings.TrimSuffix(c.Param("file"), ".cer"))
	if (role != ca.RoleRoot && role != ca.RoleIssuing) || !strings.HasSuffix(c.Param("file"), ".cer") {
		c.Status(http.StatusNotFound)
		return
	}
	c.Data(http.StatusOK, "application/pkix-cert", s.opts.CA.Certificate(role).Raw)
}

const maxOCSP = 16 << 10

func (s *Service) ocspPost(c *gin.Context) {
	body, err := readAll(c)
	if err != nil {
		c.Status(http.StatusRequestEntityTooLarge)
		return
	}
	s.ocsp(c, body)
}

// ocspGet reads the request from the path, base64 and escaped (RFC 6960,
// appendix A.1).
func (s *Service) ocspGet(c *gin.Context) {
	_, escaped, _ := strings.Cut(c.Request.URL.EscapedPath(), "/ocsp/")
	body, err := base64OfPath(escaped)
	if err != nil {
		c.Status(http.StatusBadRequest)
		return
	}
	s.ocsp(c, body)
}

// ocsp answers. No cache may keep it: it is signed live, with the nonce.
func (s *Service) ocsp(c *gin.Context, der []byte) {
	c.Header("Cache-Control", "no-store")
	c.Data(http.StatusOK, "application/ocsp-response", s.opts.CA.OCSP(c.Request.Context(), der))
}

var errTooLong = errors.New("too long")

func readAll(c *gin.Context) ([]byte, error) {
	return io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxOCSP))
}

func base64OfPath(escaped string) ([]byte, error) {
	text, err := url.PathUnescape(escaped)
	if err != nil {
		return nil, err
	}
	if len(text) > maxOCSP {
		return nil, errTooLong
	}
	return base64.StdEncoding.DecodeString(strings.ReplaceAll(text, " ", "+"))
}
