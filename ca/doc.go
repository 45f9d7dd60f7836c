// Package ca is the certificate authority: a root, an issuing CA below it, and
// below that the RA certificate whose RSA key opens SCEP envelopes, the Ed25519
// certificate that signs commands and the OCSP responder. It issues device and
// server certificates, revokes and holds them, publishes CRLs and answers OCSP
// from memory.
//
// It knows no HTTP, no SCEP and no SQL. Invitations, the SCEP service and the
// handlers that serve what is signed here live in package enroll; rows in store.
//
// Several replicas on one database are one CA: the first one creates the keys,
// seals them under the master key and stores them in one transaction; the others
// load them. Keys are parsed once, when the Authority is opened.
//
// Three habits to keep:
//
//   - a certificate's serial number is recorded before it is signed, so that
//     nothing we ever signed is unknown to us;
//   - CRL numbers only rise, over replicas and restores, and an old CRL is better
//     than none: a RADIUS server that cannot load one rejects every device;
//   - what a replica says about revocation carries the time at which it last heard
//     from the database, never the present.
//
// Start reading at Open in authority.go.
package ca
