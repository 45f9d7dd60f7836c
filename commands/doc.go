// Package commands is the queue of orders to devices: what may be asked, how an
// order is written and signed, when it is handed out, and how it ends.
//
// What lives here: the kinds' arguments (args.go), the state machine (state.go),
// the bytes of orders, envelopes and receipts (order.go, envelope.go,
// receipt.go), the door through which every command enters (request.go), the
// guard (guard.go), delivery (lease.go), results (settle.go), the background
// step (expire.go), and the sentence that says why a command has not happened
// yet (why.go).
//
// What may not live here: the therapy rules (package safety), rights and
// sessions (package auth), SQL (package store), HTTP. The package reads no clock
// and draws no randomness of its own.
//
// Decisions are pure functions. The store locks the devices concerned, reads
// Facts, calls the decision, and keeps what it answers in the same transaction:
// see Storage in storage.go.
//
// Start reading at Service.Request in request.go; then state.go, whose table is
// the whole life of a command.
package commands
