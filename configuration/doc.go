// Package configuration keeps what devices are meant to be set up like: documents
// with versions that never change, assignments that say which devices they are
// for, and for each device what is desired, what it reports, and why this one.
//
// It makes and compares; it reaches no device. A difference is sent through the
// one door of package commands, as the system's own request, so that the
// interlock and the guard see it like any other.
//
// Rules of documents are in content.go, which assignment wins is decided in
// resolve.go and nowhere else, and reconcile.go is the loop that finds out what is
// desired and asks for it.
//
// Start reading at Service in service.go.
package configuration
