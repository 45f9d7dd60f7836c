package enroll

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"wardline/internal/fault"
)

// SCEPPath and SCEPOldPath are where SCEP is served; old firmware knows only the
// second.
const (
	SCEPPath    = "/scep"
	SCEPOldPath = "/cgi-bin/pkiclient.exe"
)

// RegisterSCEP adds the SCEP service (RFC 8894, section 4) to the device or the
// pki listener. It needs no TLS: messages protect themselves.
func (s *Service) RegisterSCEP(r gin.IRoutes) {
	for _, path := range []string{SCEPPath, SCEPOldPath} {
		r.GET(path, s.scepGet)
		r.POST(path, s.scepPost)
	}
}

func (s *Service) scepGet(c *gin.Context) {
	switch c.Query("operation") {
	case "GetCACaps":
		s.getCACaps(c)
	case "GetCACert":
		s.getCACert(c)
	case "GetNextCACert":
		// The next CA does not exist before it is needed (RFC 8894, 4.7); GetCACaps
		// says so by not listing it.
		c.String(http.StatusNotFound, "There is no next CA certificate.\n")
	case "PKIOperation":
		body, err := messageOf(c.Request.URL.RawQuery)
		if err != nil {
			s.refused(c.Request.Context(), c.RemoteIP(), nil, errUnparsable)
			c.String(http.StatusBadRequest, "The message is not base64.\n")
			return
		}
		s.pkiOperation(c, body)
	default:
		c.String(http.StatusBadRequest, "Unknown operation.\n")
	}
}

func (s *Service) scepPost(c *gin.Context) {
	if op := c.Query("operation"); op != "PKIOperation" && op != "" {
		c.String(http.StatusBadRequest, "Only PKIOperation is posted.\n")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxMessage))
	if err != nil {
		var tooLong *http.MaxBytesError
		if errors.As(err, &tooLong) {
			s.refused(c.Request.Context(), c.RemoteIP(), nil, errUnparsable)
			c.String(http.StatusRequestEntityTooLarge, "The message is too long.\n")
			return
		}
		c.String(http.StatusBadRequest, "The message could not be read.\n")
		return
	}
	s.pkiOperation(c, body)
}

// messageOf takes the message out of a query. Clients break base64 into lines,
// and send its + unescaped, which then reads as a space.
func messageOf(query string) ([]byte, error) {
	var text string
	for pair := range strings.SplitSeq(query, "&") {
		if v, ok := strings.CutPrefix(pair, "message="); ok {
			text = v
		}
	}
	if len(text) > 3*maxMessage {
		return nil, errors.New("too long")
	}
	text, err := url.PathUnescape(text) // a + that was not escaped stays one
	if err != nil {
		return nil, err
	}
	text = strings.NewReplacer("\r", "", "\n", "", " ", "+").Replace(text)
	if b, err := base64.StdEncoding.DecodeString(text); err == nil {
		return b, nil
	}
	return base64.RawStdEncoding.DecodeString(text)
}

func (s *Service) pkiOperation(c *gin.Context, body []byte) {
	reply, err := s.PKIOperation(c.Request.Context(), body, c.RemoteIP())
	if err == nil {
		c.Data(http.StatusOK, "application/x-pki-message", reply)
		return
	}
	switch f, isFault := fault.As(err); {
	case errors.Is(err, errUnparsable):
		c.String(http.StatusBadRequest, "The body is not a SCEP message.\n")
	case isFault && f.Code.Category == fault.Unavailable:
		c.Header("Retry-After", "5")
		c.String(http.StatusServiceUnavailable, "Try again in a few seconds.\n")
	case c.Request.Context().Err() != nil:
		c.Status(http.StatusServiceUnavailable) // nobody listens any more
	default:
		s.log.ErrorContext(c.Request.Context(), "SCEP request failed", "error", err)
		c.String(http.StatusInternalServerError, "The server cannot answer just now.\n")
	}
}

// getCACaps tells the truth (RFC 8894, 3.5.2). SHA-384 stands there because
// strongSwan 5.9.8 to 5.9.10 believes in AES and SHA-256 only beside it.
func (s *Service) getCACaps(c *gin.Context) {
	caps := []string{"AES", "POSTPKIOperation", "Renewal", "SHA-256", "SHA-384", "SHA-512", "SCEPStandard"}
	legacy, err := s.opts.Store.LegacyModels(c.Request.Context())
	if err != nil {
		// Not to be told of a weak algorithm costs a legacy client one try.
		s.log.WarnContext(c.Request.Context(), "whether any model is legacy is not known", "error", err)
	}
	if legacy {
		caps = append(caps, "DES3", "SHA-1")
	}
	c.String(http.StatusOK, strings.Join(caps, "\n")+"\n")
}

func (s *Service) getCACert(c *gin.Context) {
	body, err := caCertificates(s.opts.CA.RAs()[0].Certificate, s.opts.CA.Chain())
	if err != nil {
		s.log.ErrorContext(c.Request.Context(), "SCEP GetCACert failed", "error", err)
		c.String(http.StatusInternalServerError, "The server cannot answer just now.\n")
		return
	}
	c.Data(http.StatusOK, "application/x-x509-ca-ra-cert", body)
}
