package commands

import (
	"fmt"
	"time"

	"wardline/audit"
	"wardline/device"
)

// EndEnrollment ends what was open for an enrollment that another one has taken
// the place of. Nothing of it is ever delivered to the new one. open are the
// device's open commands; those of other enrollments are left alone. The store
// calls it in the transaction that makes the new enrollment current.
//
// A wipe that the device had accepted with a receipt is confirmed by this: the
// same serial has enrolled anew with a new key. A wipe that it had not accepted
// becomes a question on the device (SAFETY 5). next is empty when the old
// enrollment ended and no other followed: that confirms nothing.
func EndEnrollment(now time.Time, old, next device.EnrollmentID, open []Command, actor audit.Actor) (Changes, error) {
	var ch Changes
	for _, c := range open {
		if c.Enrollment != old || c.State.Ended() {
			continue
		}
		if c.Kind == device.KindWipe && c.State == StateAccepted && c.ReceiptValid && next != "" {
			c.Outcome = OutcomeErased
			err := c.transition(StateSucceeded, cause{step: stepSucceed, at: now, actor: actor,
				reason: "Erased, confirmed: the same device has enrolled anew with a new key."})
			if err != nil {
				return Changes{}, err
			}
			ch.Commands = append(ch.Commands, c)
			continue
		}
		if c.Kind == device.KindWipe && next != "" {
			ch.Questions = append(ch.Questions, Question{Command: c.ID, Device: c.Device, At: now,
				Text: fmt.Sprintf("A wipe asked on %s was open (%s) when the device enrolled anew. It is not carried out on the new enrollment. Is it still wanted?",
					wordsAt(c.CreatedAt), c.State.Words())})
		}
		reason := "The device enrolled anew"
		if next == "" {
			reason = "The device's enrollment ended"
		}
		switch c.State {
		case StateDelivered:
			reason += "; it had been handed this and never answered."
		case StateAccepted:
			reason += "; it had started this and never said how it ended."
		default:
			reason += "; nothing asked before is delivered to it."
		}
		if err := c.transition(StateSuperseded, cause{step: stepSupersede, at: now, actor: actor, reason: reason}); err != nil {
			return Changes{}, err
		}
		ch.Commands = append(ch.Commands, c)
	}
	return ch, nil
}
