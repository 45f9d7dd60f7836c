// Testrun is the program behind `make test`: it sets up what the tests need,
// runs every check, and says on its last line how many passed and failed.
//
//	testrun [test]            everything: format, vet, staticcheck, static build, race detector, drills, console
//	testrun short             the tests marked fast, without the race detector
//	testrun console           the console: build, types, linter, tests in a browser
//	testrun lint              format, vet, staticcheck
//	testrun fuzz              every fuzz target, FUZZTIME each (default 10m)
//	testrun bench [args]      package bench, on a PostgreSQL that does sync to disk
//	testrun exec -- command   any command, with a PostgreSQL for its tests
//
// It starts a PostgreSQL server of its own in a temporary folder and stops it
// again, however it ends. Outside CI a missing peer (a database, a SCEP client)
// skips the tests that need it, with a sentence; with CI=true it is a failure.
//
// Nothing here knows what Wardline does. Start reading at main in main.go.
package main
