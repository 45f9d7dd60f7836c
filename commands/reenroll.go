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
// becomes a question on the device (SAFETY 5).
func EndEnrollment(now time.Time, old device.EnrollmentID, open []Command, actor audit.Actor) (Changes, error) {
	var ch Changes
	for _, c := range open {
		if c.Enrollment != old || c.State.Ended() {
			continue
		}
		if c.Kind == device.KindWipe && c.State == StateAccepted && c.ReceiptValid {
			c.Outcome = OutcomeErased
			err := c.transition(StateSucceeded, cause{step: stepSucceed, at: now, actor: actor,
				reason: "Erased, confirmed: the same device has enrolled anew with a new key."})
			if err != nil {
				return Changes{}, err
			}
			ch.Commands = append(ch.Commands, c)
			continue
		}
		if c.Kind == device.KindWipe {
			ch.Questions = append(ch.Questions, Question{Command: c.ID, Device: c.Device, At: now,
				Text: fmt.Sprintf("A wipe asked on %s was open (%s) when the device enrolled anew. It is not carried out on the new enrollment. Is it still wanted?",
					wordsAt(c.CreatedAt), c.State.Words())})
		}
		reason := "The device enrolled anew; nothing asked before is delivered to it."
		switch c.State {
		case StateDelivered:
			reason = "The device enrolled anew; it had been handed this and never answered."
		case StateAccepted:
			reason = "The device enrolled anew; it had started this and never said how it ended."
		}
		if err := c.transition(StateSuperseded, cause{step: stepSupersede, at: now, actor: actor, reason: reason}); err != nil {
			return Changes{}, err
		}
		ch.Commands = append(ch.Commands, c)
	}
	return ch, nil
}
