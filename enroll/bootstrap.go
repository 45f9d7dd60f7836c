package enroll

import (
	"context"
	"strings"
	"time"

	"wardline/internal/fault"
)

const (
	// challengeLife is how long a challenge from the bootstrap is good.
	challengeLife = 24 * time.Hour
	// maxWrongSerials is how many wrong serials a code survives; that of a delivery
	// is typed at a bench full of boxes.
	maxWrongSerials         = 10
	maxWrongSerialsDelivery = 200
	// maxChallenges is how many challenges one serial gets under one code.
	maxChallenges = 20
)

// The codes of refusals at the bootstrap.
var (
	CodeUnknown = fault.Define(fault.Forbidden, "code_not_good",
		"Check the code; if it is right, ask for a new invitation.")
	CodeOtherSerial = fault.Define(fault.Forbidden, "code_for_another_device",
		"Use the code on the device that it was made for, or ask for a new invitation.")
	CodeTries = fault.Define(fault.TooMany, "too_many_codes", "Wait a minute, then type the code again.")
)

// Bootstrap exchanges a code for what a device needs to enroll. remote is its
// network address; wrong codes are counted against it.
func (s *Service) Bootstrap(ctx context.Context, req BootstrapRequest, remote string) (BootstrapResponse, error) {
	if err := s.checkAddresses(); err != nil {
		return BootstrapResponse{}, err
	}
	if !s.tries.may(remote) {
		f := CodeTries.New("Too many wrong codes came from this address.")
		f.RetryAfter = time.Minute
		return BootstrapResponse{}, f
	}
	code, err := normalCode(req.Code)
	if err != nil {
		s.tries.wrong(remote)
		return BootstrapResponse{}, err
	}
	serial := strings.TrimSpace(req.Serial)
	if !goodSerial(serial) {
		return BootstrapResponse{}, fault.CodeInvalid.New("The device has to say its serial number.").
			WithField("serial", "A serial number has 1 to %d printable characters.", maxSerial)
	}
	secret, err := newChallenge(s.opts.Random)
	if err != nil {
		return BootstrapResponse{}, err
	}
	challenge := Challenge{Hash: hashSecret(secret), Serial: serial, ExpiresAt: s.opts.Now().Add(challengeLife)}
	f, err := s.opts.Store.Redeem(ctx, hashSecret(code), serial, challenge, func(f RedeemFacts) error { return judgeCode(f, serial) })
	if err != nil {
		if refusal, ok := fault.As(err); ok && refusal.Code.Category == fault.Forbidden {
			s.tries.wrong(remote)
		}
		return BootstrapResponse{}, err
	}
	out := BootstrapResponse{DeviceURL: s.opts.DeviceURL, SCEPURL: s.SCEPURL(), Challenge: secret,
		ChallengeExpiresAt: challenge.ExpiresAt.UTC(), CAFingerprint: s.opts.CA.Fingerprint(),
		Class: string(f.Invitation.Class), Model: string(f.Invitation.Model),
		Subject: s.subject(f.Invitation, "", serial), ServerTime: s.opts.Now().UTC()}
	for _, c := range s.opts.CA.Chain() {
		out.CAChain = append(out.CAChain, c.Raw)
	}
	return out, nil
}

// judgeCode decides whether a code opens the way for this serial. To a stranger
// an unknown, an expired and a cancelled code look alike.
func judgeCode(f RedeemFacts, serial string) error {
	inv, wrong := f.Invitation, maxWrongSerials
	if inv.For == ForDelivery {
		wrong = maxWrongSerialsDelivery
	}
	switch {
	case !f.Now.Before(inv.ExpiresAt), !inv.CancelledAt.IsZero(), f.WrongSerials >= wrong:
		return CodeUnknown.New("This code is not good, or not any more.")
	case inv.For != ForDelivery && !inv.UsedAt.IsZero():
		return CodeUsed.New("This code has been used already.")
	case inv.Serial != "" && !strings.EqualFold(inv.Serial, serial):
		return CodeOtherSerial.New("This code was made for another device.")
	case f.Challenges >= maxChallenges:
		return CodeUsed.New("This device has asked too often with this code.")
	}
	if inv.For == ForDelivery {
		return judgeDelivery(f.Now, f.Delivery, f.Packed)
	}
	return nil
}
