package wake

import (
	"strings"

	"wardline/device"
)

// What travels on the channel is a text: one word that says what it is, then its
// arguments, all separated by single spaces.
//
//	d <enrollment>...   these have work; at most as many as fit in 7,900 bytes
//	b <batch>           every device of this batch has work; read it by index
//	x <fingerprint>...  the bindings of these certificates have changed
//	beat <replica>      this replica is alive, and wants to hear itself
//
// PostgreSQL refuses a payload of 8,000 bytes and takes the transaction with it.
// Unknown words are ignored: a newer replica may know more.
const (
	wordDevices = "d"
	wordBatch   = "b"
	wordDropped = "x"
	wordBeat    = "beat"
)

// notice is one parsed payload.
type notice struct {
	word string
	args []string
}

func parseNotice(payload string) notice {
	fields := strings.Fields(payload)
	if len(fields) == 0 {
		return notice{}
	}
	return notice{word: fields[0], args: fields[1:]}
}

func enrollments(args []string) []device.EnrollmentID {
	ids := make([]device.EnrollmentID, len(args))
	for i, a := range args {
		ids[i] = device.EnrollmentID(a)
	}
	return ids
}
