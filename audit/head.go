package audit

import "time"

// SignedHead is a head with the time at which it was the newest, and the epoch in
// which: the numbers of an epoch that ended in a restore are given again.
type SignedHead struct {
	Head
	Epoch int
	At    time.Time
	// JWS is the signed text; empty before it is signed.
	JWS string
}

// HeadEvery is how often the head is signed, also when nothing has happened.
const HeadEvery = 5 * time.Minute
