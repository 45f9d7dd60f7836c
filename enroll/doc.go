// Package enroll turns an invitation into a device that can prove who it is.
//
// It holds invitations and deliveries, the bootstrap, the SCEP service with its
// own PKI operation, renewal and re-enrollment with the decisions that wait for
// a person, the binding of a certificate's fingerprint to a device and its
// current enrollment, and the handlers of /scep, /enroll/v1, /crl, /ocsp and /ca.
//
// Keys, signatures, CRLs and OCSP answers are made in package ca; rows and SQL
// live in store; polls and commands in agent and commands.
//
// The rules, in short: the server chooses what stands in a certificate, never
// the request; a secret is used once and a lost answer burns nothing; a new
// enrollment is a new generation; taking over a device that is lost, contained,
// still polling or about to be wiped waits for a person, and until then the old
// enrollment stays whole.
//
// Start reading at Service in service.go, then pkioperation.go.
package enroll
