// Package auth knows people: accounts, roles, scopes, passwords and one-time
// codes, sessions, step-ups and API tokens, and the one table that says which
// role may do what (permissions.go, compared with docs/permissions.csv cell by
// cell).
//
// It knows neither HTTP nor SQL: rows are kept by whatever implements Storage
// (package store), and the listeners hand in bearer texts and addresses. What a
// command may do to a device is safety's matter; how many and with whose
// approval is the guard's, in commands.
//
// Start reading at Principal in principal.go, Authorise in authorise.go and
// Service in service.go.
package auth
