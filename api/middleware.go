package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/gin-gonic/gin"

	"wardline/internal/fault"
)

type requestIDKey struct{}

// requestID is the id of the request that ctx belongs to; empty outside one.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// frame is what every request on a listener passes first: an id, the headers
// that keep browsers safe, and a net under panics.
func frame(newID func() string, log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		// The id is ours: one given by the client could forge lines in the log.
		id := newID()
		c.Request = c.Request.WithContext(context.WithValue(withClient(c), requestIDKey{}, id))
		h := c.Writer.Header()
		h.Set("Request-Id", id)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("Cache-Control", "no-store")
		if c.Request.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		defer func() {
			if r := recover(); r != nil {
				recovered(c, log, r)
			}
		}()
		c.Next()
	}
}

// recovered answers a panic as a problem. A handler that aborts on purpose, to
// cut an export that went wrong, is let through.
func recovered(c *gin.Context, log *slog.Logger, r any) {
	if r == http.ErrAbortHandler {
		panic(r)
	}
	ctx := c.Request.Context()
	log.ErrorContext(ctx, "a handler panicked", "request_id", requestID(ctx), "method", c.Request.Method,
		"route", c.FullPath(), "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
	if c.Writer.Written() {
		// Half an answer must not be taken for a whole one.
		panic(http.ErrAbortHandler)
	}
	writeProblem(c, newProblem(ctx, codeInternal.New("Something went wrong on the server.")))
}

// writeProblem answers a problem from a plain gin handler.
func writeProblem(c *gin.Context, p *Problem) {
	for name, values := range p.headers {
		for _, v := range values {
			c.Writer.Header().Add(name, v)
		}
	}
	body, err := p.in(languageOf(c.Request)).MarshalJSON()
	if err != nil {
		body = []byte(`{"code":"internal_error"}`)
	}
	c.Abort()
	c.Data(p.Status, problemType, append(body, '\n'))
}

// noMethod answers a known path with another method.
func noMethod(c *gin.Context) {
	writeProblem(c, newProblem(c.Request.Context(),
		codeMethodNotAllowed.New("%s is not possible here.", strings.ToUpper(c.Request.Method))))
}

var codeCrossSite = fault.Define(fault.Forbidden, "cross_site_request",
	"Requests that change something are taken from this server's own pages only.")

var crossOrigin = http.NewCrossOriginProtection()

// sameOrigin refuses what another site makes a browser send. Programs that are
// no browsers are not concerned.
func sameOrigin(c *gin.Context) {
	if err := crossOrigin.Check(c.Request); err != nil {
		writeProblem(c, newProblem(c.Request.Context(), codeCrossSite.New("This request comes from another site.")))
	}
}
