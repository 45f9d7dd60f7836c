package inventory

import (
	"context"
	"time"

	"wardline/internal/fault"
)

// CheckInsKept is for how long it is known how many devices were heard in an hour.
const CheckInsKept = 30 * 24 * time.Hour

// CheckIns is how many devices were heard of in one hour, each counted once. The
// hour that still runs counts those heard so far.
type CheckIns struct {
	Hour    time.Time
	Devices int
}

// CheckIns returns one entry for each of the last hours, oldest first; the last
// one is the hour that runs now.
func (s *Service) CheckIns(ctx context.Context, scope Scope, hours int) ([]CheckIns, error) {
	if most := int(CheckInsKept / time.Hour); hours < 1 || hours > most {
		return nil, fault.CodeInvalid.New("Check-ins are known for %d hours.", most).WithField("hours", "must be 1 to %d", most)
	}
	first := hourOf(s.now()).Add(-time.Duration(hours-1) * time.Hour)
	found, err := s.storage.CheckIns(ctx, scope, first)
	if err != nil {
		return nil, err
	}
	out := make([]CheckIns, hours)
	for i := range out {
		out[i].Hour = first.Add(time.Duration(i) * time.Hour)
	}
	for _, c := range found {
		if i := int(c.Hour.Sub(first) / time.Hour); i >= 0 && i < hours {
			out[i].Devices = c.Devices
		}
	}
	return out, nil
}
