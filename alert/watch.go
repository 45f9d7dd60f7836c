package alert

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// ServerCertificate is one of the server's own certificates.
type ServerCertificate struct {
	Name     string // for people, such as "device listener"
	NotAfter time.Time
}

// WatchOptions is what a Watch needs.
type WatchOptions struct {
	Storage WatchStorage
	// Certificates are the server's own: of the authority and of the listeners.
	Certificates func() []ServerCertificate
}

// Watch looks for what no event tells. It is run every minute by every server;
// the database sees to it that each finding is one alert.
type Watch struct {
	WatchOptions
	since time.Time
}

// NewWatch returns one.
func NewWatch(o WatchOptions) *Watch { return &Watch{WatchOptions: o} }

const (
	// settleIn is how long after a start wards are not judged: devices have to find
	// this server first.
	settleIn = 10 * time.Minute
	// heardLately are the devices that count for a ward: one that was switched off
	// for days says nothing about the ward's network.
	heardLately = 24 * time.Hour
	// reviewWithin is how long a break-glass may wait for its review (SAFETY 6).
	reviewWithin = 24 * time.Hour
	// fewestSilent is how many silent devices of a ward say something.
	fewestSilent = 3
)

// Step looks once.
func (w *Watch) Step(ctx context.Context) error {
	now, err := w.Storage.Now(ctx)
	if err != nil {
		return err
	}
	if w.since.IsZero() {
		w.since = now
	}
	stored, _, err := w.Storage.AlertSettings(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, look := range []struct {
		rule RuleID
		at   func(context.Context, time.Time, Setting) ([]Raise, func(string) bool, error)
	}{
		{RuleWardSilent, w.wards}, {RuleDeviceCertificates, w.devices}, {RuleServerCertificates, w.server}, {RuleBackupOld, w.backup},
		{RuleReviewDue, w.reviews},
	} {
		rule, _ := RuleOf(look.rule)
		s := settingOf(stored, rule)
		var holds []Raise
		var spare func(string) bool
		if s.On {
			if holds, spare, err = look.at(ctx, now, s); err != nil {
				errs = append(errs, fmt.Errorf("look for %s: %w", look.rule, err))
				continue
			}
		}
		errs = append(errs, w.Storage.StandAlerts(ctx, look.rule, holds, spare))
	}
	return errors.Join(errs...)
}

func (w *Watch) wards(ctx context.Context, now time.Time, s Setting) ([]Raise, func(string) bool, error) {
	all := func(string) bool { return true }
	if now.Sub(w.since) < settleIn {
		return nil, all, nil
	}
	silence := time.Duration(s.Numbers[NumberMinutes]) * time.Minute
	counts, err := w.Storage.WardSilence(ctx, silence, heardLately+silence)
	if err != nil {
		return nil, nil, err
	}
	var holds []Raise
	heard := map[string]bool{}
	for _, c := range counts {
		key := "place:" + string(c.Place)
		heard[key] = c.Silent < c.Devices
		if c.Silent < fewestSilent || c.Silent*100 < c.Devices*s.Numbers[NumberShare] {
			continue
		}
		holds = append(holds, Raise{Rule: RuleWardSilent, Key: key, Place: c.Place, Facts: map[string]string{
			"silent": strconv.Itoa(c.Silent), "devices": strconv.Itoa(c.Devices), "minutes": strconv.Itoa(s.Numbers[NumberMinutes])}})
	}
	// A ward that was silent for a whole day has no device left that counts: that is
	// no sign of life.
	return holds, func(key string) bool { return !heard[key] }, nil
}

func (w *Watch) devices(ctx context.Context, now time.Time, s Setting) ([]Raise, func(string) bool, error) {
	days := s.Numbers[NumberDays]
	n, err := w.Storage.EndingCertificates(ctx, now.AddDate(0, 0, days))
	if err != nil || n == 0 {
		return nil, nil, err
	}
	return []Raise{{Rule: RuleDeviceCertificates, Key: "devices", Subject: "certificates:devices",
		Facts: map[string]string{"count": strconv.Itoa(n), "days": strconv.Itoa(days)}}}, nil, nil
}

func (w *Watch) server(_ context.Context, now time.Time, s Setting) ([]Raise, func(string) bool, error) {
	before := now.AddDate(0, 0, s.Numbers[NumberDays])
	var holds []Raise
	for _, c := range w.Certificates() {
		if c.NotAfter.Before(before) {
			holds = append(holds, Raise{Rule: RuleServerCertificates, Key: "certificate:" + c.Name, Subject: "certificates:server",
				Facts: map[string]string{"name": c.Name, "until": c.NotAfter.UTC().Format("2006-01-02 15:04 UTC")}})
		}
	}
	return holds, nil, nil
}

func (w *Watch) reviews(ctx context.Context, now time.Time, _ Setting) ([]Raise, func(string) bool, error) {
	holds, err := w.Storage.LateReviews(ctx, now.Add(-reviewWithin))
	return holds, nil, err
}

func (w *Watch) backup(ctx context.Context, now time.Time, s Setting) ([]Raise, func(string) bool, error) {
	last, ever, err := w.Storage.LastBackup(ctx)
	if err != nil {
		return nil, nil, err
	}
	facts := map[string]string{}
	since := last.MadeAt
	if ever {
		facts["last"] = last.MadeAt.UTC().Format("2006-01-02 15:04 UTC")
	} else if since, err = w.Storage.FirstStart(ctx); err != nil {
		return nil, nil, err
	}
	if now.Sub(since) < time.Duration(s.Numbers[NumberHours])*time.Hour {
		return nil, nil, nil
	}
	return []Raise{{Rule: RuleBackupOld, Key: "backup", Subject: "backup:newest", Facts: facts}}, nil, nil
}
