// Package seal encrypts the secrets that Wardline keeps in its database (signing
// keys, one-time-code seeds, issuing keys) under a master key that the database
// does not hold: AES-256-GCM, each sealed text bound to a context so that it
// cannot be moved to another place and opened there.
//
// What seals is a data key that lies in the database, itself sealed by the master
// key: a Keeper holds that one, from a file, from the environment, or in a
// key-management service that never gives it away. Nothing else lives here.
package seal
