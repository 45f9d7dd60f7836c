// Package audit holds the noun Event and the hash chain that binds events
// together, with its verifier.
//
// It does no I/O and imports nothing else of Wardline. Rows, and the trigger
// that links them on PostgreSQL, live in package store; both engines are
// verified by the one Verify here.
//
// Start reading at Event in event.go, then chain.go.
package audit
