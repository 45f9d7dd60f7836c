// Package app builds everything and runs it: the store, the services, the
// listeners and the background loops, started in order and stopped in reverse.
//
// It holds no rule and no handler: it wires what the other packages offer.
// Tests start the same app as the program does. Only cmd and tests import it.
//
// Start reading at Options, then Start in app.go.
package app
