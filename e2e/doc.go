// Package e2e tries the programs as people run them: `wardline serve` on SQLite
// and on PostgreSQL, `wardline demo`, the verbs of the command line, and
// `wardline-agent`, each a process of its own, over real TLS. What became of an
// order is read from the device that it went to (its own memory at the control
// address, the agent's journal), never from the server alone.
//
// Only tests live here, and nothing in them reaches into a process: rules are
// tried beside the code that holds them. On PostgreSQL it needs what package
// store/storetest needs.
//
// Start reading at TestTheMainJob in mainjob_test.go, then hospital in
// hospital_test.go.
package e2e
