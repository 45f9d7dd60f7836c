// Package web serves what people open on the admin listener: the console and
// the page on which the first administrator is set up.
//
// The console lives in console/ (TypeScript; its README.md says how it is laid
// out) and is built by Vite into dist/, which is embedded and not committed.
// Without Node.js this package compiles all the same, and answers with a page
// that says how to build the console.
//
// It knows no domain package: pages ask the server only through the public REST
// API. Pages have no inline scripts, and no inline styles but those that carry
// the nonce of the answer.
//
// Start reading at New in web.go.
package web
