package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
)

// A station is the screen and the scanner at a ward's charging station. Its
// credential can show the board of its ward and write down who takes a shared
// handheld of it and who brings one back: whoever carries the screen away can do
// that, and nothing else.

// StationID identifies a station (UUIDv7).
type StationID string

// Station is one charging station.
type Station struct {
	ID        StationID
	Ward      device.PlaceID
	Name      string
	CreatedAt time.Time
	CreatedBy string
	// PairedAt is when a screen was paired with it; zero: none is.
	PairedAt time.Time
	// SeenAt is when its screen was last heard of, to five minutes.
	SeenAt  time.Time
	EndedAt time.Time
}

// Via names the station for the audit log.
func (st Station) Via() string { return "station " + st.Name }

// Actor is the station itself, where nobody showed who they are.
func (st Station) Actor() audit.Actor {
	return audit.Actor{Kind: audit.ActorNobody, ID: "station:" + string(st.ID), Name: st.Name, Via: st.Via()}
}

const (
	// StationCodeLife is how long the code that pairs a screen is good.
	StationCodeLife = time.Hour
	// StationLife is how long a screen stays paired.
	StationLife = 365 * 24 * time.Hour
	// stationSeen is how exactly it is kept when a screen was last heard of.
	stationSeen = 5 * time.Minute
)

var (
	codeNoStation = fault.Define(fault.Unauthenticated, "station_unknown",
		"Pair this screen with its charging station: somebody of IT makes a code for it in the console.")
	codePairing = fault.Define(fault.Refused, "pairing_failed", "Compare the code with the one in the console; it is good once, for an hour.")
)

const prefixStation = "wlh_"

// NewStation makes a station, and the code that pairs its screen.
func (s *Service) NewStation(ctx context.Context, p Principal, ward Target, name string) (Station, string, error) {
	if err := Authorise(p, HandheldsManage, ward); err != nil {
		return Station{}, "", err
	}
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n < 1 || n > 80 {
		return Station{}, "", fault.CodeInvalid.New("Say what the station is called.").WithField("name", "must have 1 to 80 characters")
	}
	st := Station{ID: StationID(s.newID()), Ward: ward.Ward, Name: name, CreatedBy: p.Username}
	code, err := s.pairingCode(func(digest []byte) error {
		return s.storage.AddStation(ctx, p.Actor(), st, digest, StationCodeLife)
	})
	if err != nil {
		return Station{}, "", fmt.Errorf("store a station: %w", err)
	}
	st, err = s.storage.Station(ctx, st.ID)
	return st, code, err
}

// NewStationCode makes another code for a station. The screen that is paired stays
// so until another one is.
func (s *Service) NewStationCode(ctx context.Context, p Principal, id StationID) (string, error) {
	code, err := s.pairingCode(func(digest []byte) error {
		return s.storage.PutStationCode(ctx, p.Actor(), id, digest, StationCodeLife)
	})
	return code, hidden(err, "station")
}

func (s *Service) pairingCode(keep func(digest []byte) error) (string, error) {
	code, err := newUserCode()
	if err != nil {
		return "", err
	}
	digest, err := s.digest("station-code", code)
	if err != nil {
		return "", err
	}
	return code, keep(digest)
}

// Stations lists those that have not ended, by ward and name.
func (s *Service) Stations(ctx context.Context) ([]Station, error) { return s.storage.Stations(ctx) }

// Station reads one that has not ended.
func (s *Service) Station(ctx context.Context, id StationID) (Station, error) {
	st, err := s.storage.Station(ctx, id)
	if err == nil && !st.EndedAt.IsZero() {
		err = ErrNoSuch
	}
	return st, hidden(err, "station")
}

// EndStation ends a station: its screen shows nothing any more.
func (s *Service) EndStation(ctx context.Context, p Principal, id StationID) error {
	return hidden(s.storage.EndStation(ctx, p.Actor(), id), "station")
}

// PairStation takes the code that somebody types on a screen, and returns the
// secret that the screen keeps. Guessing is slowed down for each source.
func (s *Service) PairStation(ctx context.Context, remote, code string) (Station, string, error) {
	source := SourceOf(remote)
	key := "station-code@" + source
	counts, _, now, err := s.storage.Throttles(ctx, []string{key}, "", "")
	if err != nil {
		return Station{}, "", fmt.Errorf("pair a station: %w", err)
	}
	if wait := counts[key].BlockedUntil.Sub(now); wait > 0 {
		return Station{}, "", tooManyTries(wait)
	}
	digest, err := s.digest("station-code", normaliseUserCode(code))
	if err != nil {
		return Station{}, "", err
	}
	secret, hash, err := newSecret(prefixStation)
	if err != nil {
		return Station{}, "", err
	}
	st, err := s.storage.PairStation(ctx, audit.Actor{Kind: audit.ActorNobody, ID: source, Via: viaStation}, digest, hash)
	if errors.Is(err, ErrNoSuch) {
		err = s.storage.CountFailure(ctx, audit.Actor{Kind: audit.ActorNobody, ID: source, Via: viaStation}, "station.pairing_refused", "", []string{key},
			func(_ string, t Throttle, now time.Time) Throttle { return countFailure(t, pairFree, now) })
		if err == nil {
			err = codePairing.New("This code pairs no station.")
		}
	}
	return st, secret, err
}

const viaStation = "station"

// StationOf says which station shows this secret.
func (s *Service) StationOf(ctx context.Context, secret string) (Station, error) {
	if secret == "" {
		return Station{}, codeNoStation.New("This screen belongs to no charging station.")
	}
	st, now, err := s.storage.StationByHash(ctx, hashOf(secret), stationSeen)
	if errors.Is(err, ErrNoSuch) || (err == nil && (!st.EndedAt.IsZero() || !now.Before(st.PairedAt.Add(StationLife)))) {
		return Station{}, codeNoStation.New("This screen belongs to no charging station any more.")
	}
	return st, err
}

// What is scanned at a station and means nothing there is counted: badge numbers
// and labels can be guessed. A worn badge on a busy morning stays far below.
const (
	scansWindow = 10 * time.Minute
	scansFree   = 20
	scansBlock  = time.Minute
)

func scanKey(id StationID) string { return "station:" + string(id) }

// MayScan refuses a station at which too much was scanned that means nothing.
func (s *Service) MayScan(ctx context.Context, st Station) error {
	key := scanKey(st.ID)
	counts, _, now, err := s.storage.Throttles(ctx, []string{key}, "", "")
	if err != nil {
		return fmt.Errorf("read what was scanned: %w", err)
	}
	if wait := counts[key].BlockedUntil.Sub(now); wait > 0 {
		return tooManyTries(wait)
	}
	return nil
}

// CountScan counts one that meant nothing.
func (s *Service) CountScan(ctx context.Context, st Station) error {
	return s.storage.CountFailure(ctx, st.Actor(), "station.scan_refused", "station:"+string(st.ID), []string{scanKey(st.ID)},
		func(_ string, t Throttle, now time.Time) Throttle {
			if now.Sub(t.Since) > scansWindow {
				t = Throttle{Since: now}
			}
			t.Failures, t.Last = t.Failures+1, now
			if t.Failures > scansFree {
				t.BlockedUntil = now.Add(scansBlock)
			}
			return t
		})
}
