// Package claims keeps the pages under docs honest: a test that docs/security.md
// names exists in the tree.
//
// It holds no production code. Start reading at the test.
package claims
