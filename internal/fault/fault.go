// Package fault is the one error type with which Wardline's packages say no to a
// person, a program or a device: a coarse category, a stable machine-readable
// code, and a sentence for people that says what was wrong and what to do.
//
// An error that is not a Fault is a bug or an outage: its text is logged with
// the request id and never leaves the server.
//
// Start reading at Define.
package fault

import (
	"errors"
	"fmt"
	"sort"
	"sync"
	"time"
)

// Category is the coarse sort of a fault; it decides the HTTP status.
type Category int

// The categories, with the HTTP status that they map to.
const (
	Invalid         Category = iota + 1 // 422: the input is wrong; Fields says where
	Unauthenticated                     // 401: who are you?
	Forbidden                           // 403: you may not
	NotFound                            // 404
	Conflict                            // 409: it does not fit what is already there
	Stale                               // 412: If-Match does not match
	Refused                             // 409: the safety rules or a model's capabilities say no
	TooLarge                            // 413
	TooMany                             // 429, with RetryAfter
	Unavailable                         // 503: try again later
)

// Status is the HTTP status of the category (RFC 9110, section 15), the same on
// every listener; 500 for a category that does not exist. This package knows
// nothing else of HTTP.
func (c Category) Status() int {
	switch c {
	case Invalid:
		return 422
	case Unauthenticated:
		return 401
	case Forbidden:
		return 403
	case NotFound:
		return 404
	case Conflict, Refused:
		return 409
	case Stale:
		return 412
	case TooLarge:
		return 413
	case TooMany:
		return 429
	case Unavailable:
		return 503
	}
	return 500
}

// Code is a stable machine-readable name, such as "pump_infusing".
type Code struct {
	Name     string
	Category Category
	// Help says in one sentence what a person can do about it.
	Help string
}

var (
	registryMu sync.Mutex
	registry   = map[string]Code{}
)

// Define makes a code known. It is called from package-level variables only, and
// panics when a name is defined twice: the list of codes is checked in
// (docs/error-codes.csv) and compared by a test.
func Define(category Category, name, help string) Code {
	registryMu.Lock()
	defer registryMu.Unlock()
	if _, twice := registry[name]; twice {
		panic("fault: code " + name + " is defined twice")
	}
	c := Code{Name: name, Category: category, Help: help}
	registry[name] = c
	return c
}

// All returns every defined code, sorted by name.
func All() []Code {
	registryMu.Lock()
	defer registryMu.Unlock()
	all := make([]Code, 0, len(registry))
	for _, c := range registry {
		all = append(all, c)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}

// Fault is a refusal that may be shown to whoever asked.
type Fault struct {
	Code Code
	// Detail is the sentence for people. It holds nothing secret.
	Detail string
	// Fields says which inputs were wrong, when that is known.
	Fields []Field
	// RetryAfter is for TooMany and Unavailable; zero: not said.
	RetryAfter time.Duration
	// Extra holds further members of the problem, such as step_up_url.
	Extra map[string]any
	cause error
}

// Field is one input that was wrong.
type Field struct {
	// Name is the path in the request, such as "args.message" or "line 3, column serial".
	Name   string `json:"name"`
	Detail string `json:"detail"`
}

// New makes a fault; the detail is formatted like fmt.Sprintf.
func (c Code) New(format string, args ...any) *Fault {
	return &Fault{Code: c, Detail: fmt.Sprintf(format, args...)}
}

// Wrap makes a fault with an inner cause, which is logged and never shown.
func (c Code) Wrap(cause error, format string, args ...any) *Fault {
	f := c.New(format, args...)
	f.cause = cause
	return f
}

// WithField adds a wrong input.
func (f *Fault) WithField(name, format string, args ...any) *Fault {
	f.Fields = append(f.Fields, Field{Name: name, Detail: fmt.Sprintf(format, args...)})
	return f
}

// With adds a further member of the problem.
func (f *Fault) With(name string, value any) *Fault {
	if f.Extra == nil {
		f.Extra = map[string]any{}
	}
	f.Extra[name] = value
	return f
}

func (f *Fault) Error() string {
	if f.cause != nil {
		return f.Code.Name + ": " + f.Detail + ": " + f.cause.Error()
	}
	return f.Code.Name + ": " + f.Detail
}

func (f *Fault) Unwrap() error { return f.cause }

// Is makes errors.Is(err, someFault) compare codes.
func (f *Fault) Is(target error) bool {
	t, ok := target.(*Fault)
	return ok && t.Code.Name == f.Code.Name
}

// As returns the fault in err's chain, if there is one.
func As(err error) (*Fault, bool) {
	var f *Fault
	ok := errors.As(err, &f)
	return f, ok
}

// Has reports whether err's chain holds a fault with this code.
func Has(err error, c Code) bool {
	f, ok := As(err)
	return ok && f.Code.Name == c.Name
}

// Codes that more than one package needs.
var (
	CodeNotFound    = Define(NotFound, "not_found", "Check the identifier; you may also lack the right to see it.")
	CodeInvalid     = Define(Invalid, "invalid_input", "Correct the fields named in errors and send the request again.")
	CodeStale       = Define(Stale, "changed_meanwhile", "Somebody changed it since you read it: read it again, then repeat your change.")
	CodeTooLarge    = Define(TooLarge, "too_large", "Send less at once.")
	CodeUnavailable = Define(Unavailable, "try_again_later", "The server cannot answer just now; the same request may be sent again.")
)
