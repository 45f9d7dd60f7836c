// Bench measures Wardline from the outside: it starts the real server as a
// process of its own, enrolls devices over SCEP, and lets them poll over mutual
// TLS. Its method and results are docs/performance.md.
//
//	make bench                        everything
//	make bench ARGS="-run idle"       one scenario: idle, scep, held, lists, shift
//	make bench ARGS="-devices 2000"   fewer devices than 10,000
//
// Nothing here knows how the server is built inside; it speaks REST, SCEP and the
// agent protocol. It prints and writes only what it measured.
//
// Start reading at main in main.go, then a scenario such as idle.go.
package main
