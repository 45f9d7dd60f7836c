// Package api is the REST interface for people and hospital systems: huma on
// gin for the operations, plain gin handlers for the event stream and the page
// on which a person confirms a step-up.
//
// It is thin. It authenticates, asks auth twice (may this person do such a
// thing at all; may they do it to this one), checks the shape of what came in,
// calls one method of a domain package through an interface declared here, and
// maps the answer or the fault. No rule about devices lives here, no SQL, and
// it never sees package store.
//
// Every operation is registered through register, which refuses to start when
// its permission is unknown. Errors leave through one mapper, problemOf.
//
// Start reading at New in api.go, then register in register.go; the operations
// stand in one file per noun.
package api
