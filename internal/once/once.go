// Package once carries, from the HTTP side down to the transaction of the
// effect, the promise that a request sent twice with the same Idempotency-Key
// is carried out once.
//
// The HTTP side puts a Request into the context of the one call that has the
// effect. The store writes it in the same transaction, together with what the
// effect made, and answers Done when it finds that it was carried out before.
// No answer is ever stored: a repeated request is answered with the present
// view of what the first one made.
//
// What may not live here: HTTP, SQL, rules.
package once

import (
	"context"
	"sync/atomic"

	"wardline/internal/fault"
)

// Codes of this package.
var (
	CodeKeyReused = fault.Define(fault.Invalid, "idempotency_key_reused",
		"Use a new Idempotency-Key for a new request; repeat the old one only with exactly the same content.")
	CodeInProgress = fault.Define(fault.Conflict, "request_in_progress",
		"The same request is being carried out just now: wait a moment and send it again with the same key.")
)

// Request identifies one request of one principal. It is safe for concurrent use.
type Request struct {
	// Principal is who asked: "account:<id>" or "token:<id>". Keys of two
	// principals never meet.
	Principal string
	// Key is the Idempotency-Key, 1 to 128 characters.
	Key string
	// Hash is the SHA-256, in hex, of method, path and body.
	Hash string
	// ID is the id of this HTTP request: it tells a second transaction of the
	// same request from a repeated request.
	ID string

	noted atomic.Bool
}

// Note records that the store has written the request in a transaction.
func (r *Request) Note() { r.noted.Store(true) }

// Noted reports whether Note was called.
func (r *Request) Noted() bool { return r.noted.Load() }

type contextKey struct{}

// With returns a context whose next write is done for r.
func With(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, contextKey{}, r)
}

// From returns the request of this context; nil: there is none.
func From(ctx context.Context) *Request {
	r, _ := ctx.Value(contextKey{}).(*Request)
	return r
}

// Done is the error of a write whose request was carried out before.
type Done struct {
	// Resource names what it made, such as "command:<id>".
	Resource string
}

func (d *Done) Error() string { return "this request was carried out before: it made " + d.Resource }
