package agent

import (
	"strings"
	"time"

	"wardline/commands"
	"wardline/device"
)

// report turns what a poll says into the inventory's words.
func report(p *PollRequest, received time.Time) device.Report {
	s := p.State
	r := device.Report{
		ReceivedAt: received, Therapy: s.Therapy, TherapyAge: time.Duration(s.StateAgeMS) * time.Millisecond,
		BatteryPercent: -1, Charging: s.Charging,
		StorageEncrypted: s.StorageEncrypted, PasscodeSet: s.PasscodeSet,
		ConfigVersions: s.ConfigVersions, Locked: s.Locked, LostMode: s.LostMode,
	}
	if s.Therapy != device.ReportedNone {
		r.TherapyAt = received.Add(-r.TherapyAge)
	}
	if s.BatteryPercent != nil {
		r.BatteryPercent = *s.BatteryPercent
	}
	if n := s.Network; n != nil {
		r.SSID, r.BSSID, r.RSSIdBm, r.IP = n.SSID, strings.ToLower(n.BSSID), n.RSSIdBm, n.IP
	}
	if l := s.Location; l != nil {
		r.Location = &device.LocationFix{Source: device.LocationCoordinates,
			Latitude: l.Latitude, Longitude: l.Longitude, AccuracyM: l.AccuracyM,
			At: received.Add(-time.Duration(l.AgeMS) * time.Millisecond)}
	}
	if s.WallClock != nil {
		r.ClockOffset = s.WallClock.Sub(received)
	}
	return r
}

// leasePoll is the poll as the queue sees it.
func leasePoll(who Identity, p *PollRequest, received time.Time) commands.Poll {
	capabilities := p.Capabilities
	if capabilities == nil {
		capabilities = []device.Kind{}
	}
	return commands.Poll{Enrollment: who.Enrollment, Device: who.Device, Class: who.Class,
		Capabilities: capabilities, Report: report(p, received), BootID: p.BootID, Sequence: p.Sequence,
		Contained: who.Standing == StandingContained}
}

func results(p *PollRequest) []commands.Result {
	rs := make([]commands.Result, len(p.Results))
	for i, r := range p.Results {
		rs[i] = commands.Result{Command: commands.ID(r.CommandID), Status: commands.ResultStatus(r.Status),
			Reason: r.Reason, Detail: r.Detail, Age: time.Duration(r.AgeMS) * time.Millisecond, Receipt: r.Receipt}
	}
	return rs
}
