// Package shift keeps who has which shared handheld: taken and brought back at the
// charging station of a ward or on one's own phone, handed from person to person,
// reminded of when it is due, locked and put into lost mode when it stays away,
// and free of both when it is back.
//
// What is asked of a handheld goes through commands.Request as every other order,
// with this package's rule as the one who asks: interlock, limits and freezes hold
// for it as for people. The rule takes back only what it asked for itself.
//
// Who somebody is, by badge or code, is package auth's; finding a handheld by its
// label is package inventory's. The storage interface is in storage.go and
// implemented by package store, which calls the rules of this package inside its
// transactions.
//
// Start reading at Take in use.go, then at attend in rule.go.
package shift
