// Package storetest is the conformance suite of the store: what every engine
// must do, written once and run on SQLite and on PostgreSQL alike. One file per
// domain holds its suite and registers it; store/store_test.go runs them all.
//
// It also hands a fresh, already migrated database to tests of other packages:
// Each, OpenSQLite, OpenPostgres. Only tests import it; production code lives
// elsewhere.
//
// PostgreSQL is taken from WARDLINE_TEST_POSTGRES, the address of a server on
// which databases may be created. `make test` starts one; for a single package:
//
//	go run ./internal/testrun exec -- go test ./store/
//
// Start reading at Harness in harness.go.
package storetest
