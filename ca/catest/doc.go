// Package catest keeps a certificate authority in memory, for tests, fuzzing and
// benchmarks that are about something else than the database. The store's own
// behaviour is tested in store/storetest; nothing that a server runs lives here.
//
// Start reading at Memory.
package catest
