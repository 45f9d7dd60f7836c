// Package depcheck keeps the layout of docs/design.md: which package may import
// which, each rule with its reason. The rules are a table in rules.go; the test
// reads the imports from the go command and names every one that breaks a rule.
//
// It holds no production code. Start reading at rules in rules.go.
package depcheck
