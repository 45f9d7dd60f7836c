// Package store keeps everything Wardline knows, on SQLite or PostgreSQL. It is
// the only package that knows gorm and SQL.
//
// It implements the storage interfaces that the domain packages declare beside
// the code that needs them: one file per domain. Every write goes through
// Store.write, which is one transaction with one time, appends the audit events
// that the write recorded as one link of the chain, and wakes the devices that
// got work: in the transaction on PostgreSQL, after commit on SQLite.
//
// Rules do not live here: a method that has to decide something is handed the
// decision as a function by the package that owns the rule.
//
// Start reading at Open in store.go, then write in write.go.
package store
