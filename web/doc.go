// Package web holds the pages that people open on the admin listener. Until the
// console is built here, these are two: the first page, which says where things
// are, and the page on which the first administrator is set up.
//
// It knows no domain package and asks the server only through the public REST
// API. Pages have no inline scripts and no inline styles.
//
// Start reading at New in web.go.
package web
