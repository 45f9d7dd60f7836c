// Package alert says what people must hear of, who hears it, and whether
// somebody has taken note.
//
// Most alerts come from the audit log: Of finds in an event what is worth
// telling, and the store raises the alert in the very transaction that records
// the event. What no event tells (a ward that fell silent, a certificate that
// runs out, a backup that nobody made) is looked for by Watch. Who is told is
// worked out later, by any server, and each message is a row that stays until it
// was delivered: Post sends at least once.
//
// A message says what happened and where to look. It carries no location, no
// text that people typed, and nothing of a patient.
//
// What may not live here: SMTP, HTTP, SQL. Start reading at rule.go, then
// match.go, then post.go.
package alert
