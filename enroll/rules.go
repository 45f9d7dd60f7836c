package enroll

import (
	"time"

	"wardline/device"
	"wardline/internal/fault"
)

// Times that the rules are made of.
const (
	// sameAnswerFor is how long a request asked again gets the same certificate.
	sameAnswerFor = 24 * time.Hour
	// completeWithin is how long an enrollment may stay unused.
	completeWithin = 24 * time.Hour
	// stillPolling is how recently a device must have reported to count as alive.
	stillPolling = 15 * time.Minute
	// renewableFor is how long after its end a certificate may ask for renewal.
	renewableFor = 180 * 24 * time.Hour
	// maxRecent is how many certificates one enrollment may get in a day.
	maxRecent = 5
	// MaxTakeovers is how many enrolled devices a day one person's invitations may
	// replace: the device that had the place is cut off by it. It is as many as
	// that person may destroy in an hour.
	MaxTakeovers = 5
)

// The codes of refusals. The sentence is for the audit log and for the bootstrap;
// over SCEP only a failInfo travels.
var (
	CodeChallenge = fault.Define(fault.Forbidden, "challenge_not_good",
		"Make a new invitation for this device.")
	CodeUsed = fault.Define(fault.Conflict, "invitation_used",
		"Make a new invitation if the device has to enroll once more.")
	CodeClassDiffers = fault.Define(fault.Conflict, "class_differs",
		"Invite the device with the class that its record has; changing a class takes two people and a new record.")
	CodeWeak = fault.Define(fault.Refused, "weak_algorithm",
		"Set the device's SCEP client to AES and SHA-256, or turn on the legacy switch of its model.")
	CodeKeyTaken = fault.Define(fault.Refused, "key_of_another_device",
		"Make a fresh key on the device and enroll again.")
	CodeTransaction = fault.Define(fault.Conflict, "scep_transaction_reused",
		"Begin a new enrollment with a new transaction identifier.")
	CodeDenied = fault.Define(fault.Refused, "enrollment_denied",
		"Ask the person who refused it, shown at the device's timeline.")
	CodeTakeovers = fault.Define(fault.Forbidden, "another_person_decides",
		"Have somebody else with the right to decide about enrollments look at it.")
	CodeNamesake = fault.Define(fault.Forbidden, "class_needs_two",
		"Have somebody else with the right to decide about enrollments look at the device.")
	CodeDecided = fault.Define(fault.Conflict, "already_decided",
		"Read the list of waiting enrollments again.")
	CodeRenewal = fault.Define(fault.Refused, "renewal_refused",
		"Enroll the device again with a new invitation.")
	CodeRenewalOften = fault.Define(fault.TooMany, "renewed_too_often",
		"Find out why the device does not keep the certificates it gets.")
)

// judge decides an Ask. It is pure: the same facts give the same answer.
func judge(ask Ask, f Facts) (Decision, error) {
	if f.Previous != nil {
		if d, done, err := judgeAgain(ask, f); done || err != nil {
			return d, err
		}
	}
	if f.CertifiedFor != "" {
		return Decision{}, CodeKeyTaken.New("The key in the request has been certified for another device.")
	}
	if ask.Weak && !f.Legacy {
		return Decision{}, CodeWeak.New("The request uses DES, 3DES or SHA-1, which this model may not.")
	}
	if ask.Renews != "" {
		return judgeRenewal(f)
	}
	return judgeFirst(f)
}

// judgeAgain decides about a request that was made before. done false: go on as
// if it were new, because a person has agreed to it.
func judgeAgain(ask Ask, f Facts) (d Decision, done bool, err error) {
	p := f.Previous
	if p.CSRHash != ask.CSRHash || p.Renewal != (ask.Renews != "") {
		return d, true, CodeTransaction.New("This transaction identifier was used for another request.")
	}
	if ask.Weak && !f.Legacy {
		return d, true, CodeWeak.New("The request uses DES, 3DES or SHA-1, which this model may not.")
	}
	switch p.State {
	case TransactionWaiting:
		return Decision{Again: true}, true, nil
	case TransactionDenied:
		return d, true, CodeDenied.New("A person refused this enrollment.")
	case TransactionApproved:
		return d, false, nil
	case TransactionRecorded:
		if p.Replaced {
			return d, true, CodeUsed.New("The enrollment of this request has ended.")
		}
		return Decision{Again: true}, true, nil
	}
	switch {
	case !p.FirstUsedAt.IsZero():
		return d, true, CodeUsed.New("The certificate of this request has been used already.")
	case p.Replaced:
		return d, true, CodeUsed.New("The certificate of this request is no longer good.")
	case f.Now.Sub(p.IssuedAt) > sameAnswerFor:
		return d, true, CodeUsed.New("The certificate of this request was issued more than a day ago.")
	}
	return Decision{Again: true}, true, nil
}

// judgeFirst decides about a first enrollment: by invitation, then by what is
// known about the device it would become.
func judgeFirst(f Facts) (Decision, error) {
	approved := f.Previous != nil
	inv := f.Invitation
	if !approved {
		if err := judgeChallenge(f); err != nil {
			return Decision{}, err
		}
	}
	if inv == nil {
		return Decision{}, CodeChallenge.New("The invitation of this request is gone.")
	}
	var wait []WaitReason
	if f.Namesake && !approved {
		// A thing changes its class with two people and a new enrollment, and no
		// other way (SAFETY 2).
		wait = append(wait, WaitNamesake)
	}
	if f.Record == nil {
		return Decision{Wait: wait}, nil
	}
	if f.Record.Device.Class != inv.Class {
		return Decision{}, CodeClassDiffers.New("The invitation is for a %s, the record says %s.",
			inv.Class.Words(), f.Record.Device.Class.Words())
	}
	if approved {
		return Decision{}, nil
	}
	return Decision{Wait: append(wait, takeoverReasons(f)...)}, nil
}

// judgeChallenge checks the secret and the invitation that it belongs to.
func judgeChallenge(f Facts) error {
	c, inv := f.Challenge, f.Invitation
	switch {
	case c == nil || inv == nil:
		return CodeChallenge.New("The challenge is not one of ours.")
	case !c.UsedAt.IsZero():
		return CodeChallenge.New("The challenge has been used already.")
	case !f.Now.Before(c.ExpiresAt) || !f.Now.Before(inv.ExpiresAt):
		return CodeChallenge.New("The challenge has expired.")
	case !inv.CancelledAt.IsZero():
		return CodeChallenge.New("The invitation was taken back.")
	case inv.For != ForDelivery && !inv.UsedAt.IsZero():
		return CodeUsed.New("The invitation has been used already.")
	}
	if inv.For != ForDelivery {
		return nil
	}
	return judgeDelivery(f.Now, f.Delivery, f.Packed)
}

func judgeDelivery(now time.Time, d *Delivery, p *Packed) error {
	switch {
	case d == nil || !now.Before(d.OpenUntil):
		return CodeDeliveryClosed.New("Nobody has this delivery open on the bench.")
	case p == nil:
		return CodeNotPacked.New("This serial number is not on the delivery's packing list.")
	case !p.UsedAt.IsZero():
		return CodeUsed.New("This serial number of the delivery has enrolled already.")
	}
	return nil
}

// takeoverReasons says why becoming an existing device waits for a person
// (SAFETY 5). A record that never enrolled and that the inviter named is simply
// joined; one that only the device itself named is not.
func takeoverReasons(f Facts) []WaitReason {
	var why []WaitReason
	r := f.Record
	if f.Invitation.For == ForPerson && f.Invitation.Serial == "" {
		why = append(why, WaitKnownSerial)
	}
	if r.Device.HasHold(device.HoldLost) {
		why = append(why, WaitLost)
	}
	for _, h := range []device.HoldKind{device.HoldQuarantined, device.HoldRecalled, device.HoldOfflineByOrder} {
		if r.Device.HasHold(h) {
			why = append(why, WaitHeld)
			break
		}
	}
	if r.Contained {
		why = append(why, WaitContained)
	}
	if seen := r.Device.Report.ReceivedAt; r.Device.Enrollment != "" && !seen.IsZero() && f.Now.Sub(seen) < stillPolling {
		why = append(why, WaitPolling)
	}
	if r.OpenDestructive {
		why = append(why, WaitDestructive)
	}
	if r.Device.Enrollment != "" && r.Takeovers >= MaxTakeovers {
		why = append(why, WaitTakeovers)
	}
	if r.Device.Stage.Ended() {
		why = append(why, WaitEnded)
	}
	return why
}

// judgeRenewal decides about a request signed with a certificate of ours.
func judgeRenewal(f Facts) (Decision, error) {
	old := f.Old
	switch {
	case old == nil:
		return Decision{}, CodeRenewal.New("The certificate that signed the request is not a device certificate of ours.")
	case old.Revoked:
		return Decision{}, CodeRenewal.New("The certificate that signed the request is revoked.")
	case old.Held:
		return Decision{}, CodeRenewal.New("The device is contained: it gets no new certificate.")
	case old.Superseded || !old.Current:
		return Decision{}, CodeRenewal.New("The certificate that signed the request has been replaced by a newer one.")
	case f.Now.Sub(old.NotAfter) > renewableFor:
		return Decision{}, CodeRenewal.New("The certificate that signed the request expired too long ago.")
	case old.Recent >= maxRecent:
		return Decision{}, CodeRenewalOften.New("The device has been given %d certificates within a day.", old.Recent)
	}
	if f.Now.After(old.NotAfter) && f.Previous == nil {
		return Decision{Wait: []WaitReason{WaitExpired}}, nil
	}
	return Decision{}, nil
}
