// Package webhook calls other programs by HTTPS: one signed POST of JSON for
// each message, as docs/api.md describes it with a test vector.
//
// An address is typed by an administrator and called by the server, so it is not
// trusted: the server calls no address of its own machine or link (a cloud's
// metadata, the database beside it), unless the operator has named the network;
// it follows no redirect, asks no proxy, waits for nobody long, and reads next to
// nothing of the answer.
package webhook
