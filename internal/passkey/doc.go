// Package passkey speaks WebAuthn for package auth: it makes the questions that
// a browser puts to an authenticator, and judges the answers.
//
// It keeps nothing. The challenge travels as state through whoever calls, who
// stores it with its purpose and hands it in again once. User verification is
// always required, and only passkeys that the authenticator itself can find
// (discoverable ones) are registered, so that nobody learns from a list of
// credentials who has an account here.
//
// What may not live here: rules about who may use which factor for what (package
// auth), storage, HTTP.
package passkey
