// Package seal encrypts the secrets that Wardline keeps in its database (signing
// keys, one-time-code seeds, issuing keys) under a master key that the database
// does not hold: AES-256-GCM, each sealed text bound to a context so that it
// cannot be moved to another place and opened there.
//
// Rotation of the master key, and keys held by a key-management service, are
// other implementations of Sealer. Nothing else lives here.
package seal
