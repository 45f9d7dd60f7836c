package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wardline/device"
	"wardline/internal/fault"
)

// The session of one act: with the password alone, or the code of the help desk,
// somebody whose phone is gone says so, and nothing else. It reaches the devices
// that carry the person's user name and the shared handhelds of their wards,
// reports one of them lost, and ends after OneActLife. Whoever stole the password
// can lock that person's phone with it, which its holder can undo.

var codeOneAct = fault.Define(fault.Forbidden, "one_act_only",
	"Sign in again to report another device, or call the help desk.")

// signsInForOneAct says whether a session asks for the password alone.
func (in Login) signsInForOneAct() bool { return in.Audience == AudienceLost }

// LoginForLoss opens a session of one act. Wrong passwords count as at every other
// sign-in. A good one forgives nothing and makes no browser known: the password is
// no proof of the second factor, and must not buy guesses at it.
func (s *Service) LoginForLoss(ctx context.Context, in Login) (Granted, error) {
	in.Audience, in.OTP, in.Passkey, in.KnownDevice = AudienceLost, "", nil, ""
	g, err := s.Login(ctx, in)
	g.RefreshToken, g.KnownDevice = "", ""
	return g, err
}

// ReportsADay is how many devices one person reports lost in 24 hours from
// self-service: whoever stole a password cannot go through a ward with it.
const ReportsADay = 5

var codeReportsADay = fault.Define(fault.TooMany, "reports_a_day",
	"Call the help desk: it reports further devices for you.")

// ActOnce uses a session of self-service up for reporting a device. The same
// device may be named again: an answer that was lost is asked for once more.
func (s *Service) ActOnce(ctx context.Context, p Principal, id device.ID) error {
	err := s.storage.ActOn(ctx, p.Account, p.Session, string(id), ReportsADay)
	if errors.Is(err, ErrTaken) {
		return codeOneAct.New("This sign-in is good for one device, and it was used for another one.")
	}
	if errors.Is(err, ErrSpent) {
		f := codeReportsADay.New("You have reported %d devices within a day.", ReportsADay)
		f.RetryAfter = time.Hour
		return f
	}
	if err != nil {
		return fmt.Errorf("use a session of one act: %w", err)
	}
	return nil
}
