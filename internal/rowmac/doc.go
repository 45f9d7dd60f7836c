// Package rowmac says which rows of the database grant power, and which of their
// columns do, and makes the code that each of them carries: an HMAC under a key
// that the database does not hold. Whoever can write to the database, and to
// nothing else, can make a row that looks right in everything but this.
//
// It knows tables and columns by name and values one by one; reading and writing
// rows is the work of package store, which signs what it writes and believes
// only what it can verify.
//
// Start reading at Tables, then Keys.
package rowmac
