// Package mail sends mail through the hospital's mail server, by go-mail.
//
// A connection is encrypted, or it is not made: plain SMTP is spoken to this
// machine's own server alone. The password is read from its file at each
// connection, so that changing it needs no restart.
package mail
