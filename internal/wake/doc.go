// Package wake answers one question from memory: may this enrollment have work,
// and from when? It lets a poll that has nothing to fetch touch no database, and
// a held poll learn of a click within milliseconds.
//
// It is a hint, never the truth: whoever is told yes reads the database. A false
// yes costs a query. A false no is a bug, which the slow beat finds and counts
// (Hub.Missed must stay 0).
//
//   - Hub is the index and the waiting polls (hub.go, waiter.go), kept honest by
//     the slow beat (beat.go).
//   - Listener keeps the hub of each replica up to date over PostgreSQL's NOTIFY
//     (listener.go). On SQLite there is one process, and the store marks the hub
//     itself after each commit.
//
// Nothing is decided here: freeze, approval, revocation and the interlock are
// read from the database by whoever leases. No SQL but LISTEN lives here.
//
// Start reading at Hub.
package wake
