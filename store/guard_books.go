package store

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"wardline/commands"
	"wardline/commands/limits"
	"wardline/device"
	"wardline/safety"
)

// books are commands.Books with the error that a look at the fleet may end in.
type books struct {
	commands.Books
	err error
}

// openBooks takes the guard's lock, reads what counts, and gives the same books
// to all facts.
func (t *tx) openBooks(facts []commands.Facts) (*books, error) {
	now, err := t.enterGuard()
	if err != nil {
		return nil, err
	}
	return readBooks(t.DB, facts, now, t.believe, t.activeFreezes)
}

// lookAtBooks reads what openBooks reads, without the lock: for what people are
// told before they ask.
func (s *Store) lookAtBooks(db *gorm.DB, facts []commands.Facts, now time.Time) error {
	b, err := readBooks(db, facts, now,
		func(row provable) error { return s.believeRead(db.Statement.Context, row, nil) },
		func() ([]commands.Freeze, error) { return activeFreezes(db) })
	if err != nil {
		return err
	}
	for _, f := range facts {
		b.Fleet(f.Site, f.Device.Class) // an error shows now, and not where nobody looks for it
	}
	return b.err
}

func readBooks(db *gorm.DB, facts []commands.Facts, now time.Time, believe func(provable) error, freezes func() ([]commands.Freeze, error)) (_ *books, err error) {
	b := &books{}
	b.Now = now
	b.Fleet = fleetOf(db, b)
	if b.Entries, err = counted(db, now); err != nil {
		return nil, err
	}
	if b.Numbers, err = limitNumbers(db, now, believe); err != nil {
		return nil, err
	}
	if b.Freezes, err = freezes(); err != nil {
		return nil, err
	}
	sites, err := sitesOf(db, facts)
	if err != nil {
		return nil, err
	}
	for i := range facts {
		facts[i].Books, facts[i].Site = &b.Books, sites[facts[i].Device.Place]
	}
	return b, nil
}

// counted reads every command that counts for a limit now.
func counted(db *gorm.DB, now time.Time) ([]limits.Entry, error) {
	var rows []struct {
		ID, DeviceID, Weight, Person, SiteID, Class, State string
		ReleasedAt                                         dbTime
		Approved, Reserved, AskedLost                      bool
	}
	err := db.Raw(`SELECT id, device_id, weight, person, site_id, class, state, released_at, approved, reserved, asked_lost FROM command
			WHERE counts AND released_at > ? AND weight = 'destructive'
		UNION SELECT id, device_id, weight, person, site_id, class, state, released_at, approved, reserved, asked_lost FROM command
			WHERE counts AND released_at > ? AND weight = 'disruptive'
		UNION SELECT id, device_id, weight, person, site_id, class, state, released_at, approved, reserved, asked_lost FROM command
			WHERE counts AND state IN ('queued', 'held')`,
		dbTime(now.Add(-limits.LongestWindow)), dbTime(now.Add(-24*time.Hour))).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read what counts for the limits: %w", err)
	}
	entries := make([]limits.Entry, len(rows))
	for i, r := range rows {
		entries[i] = limits.Entry{Command: r.ID, Device: device.ID(r.DeviceID), Weight: safety.Weight(r.Weight), Person: r.Person,
			Site: device.PlaceID(r.SiteID), Class: device.Class(r.Class), Open: r.State == "queued" || r.State == "held",
			ReleasedAt: r.ReleasedAt.time(), Approved: r.Approved, Reserved: r.Reserved, Lost: r.AskedLost}
	}
	return entries, nil
}

// sitesOf finds the site of each place that a device of facts stands in.
func sitesOf(db *gorm.DB, facts []commands.Facts) (map[device.PlaceID]device.PlaceID, error) {
	var places []string
	for _, f := range facts {
		if f.Device.Place != "" {
			places = append(places, string(f.Device.Place))
		}
	}
	slices.Sort(places)
	sites := map[device.PlaceID]device.PlaceID{}
	for chunk := range slices.Chunk(slices.Compact(places), idsPerSelect) {
		var rows []struct{ Leaf, Site string }
		err := db.Raw(`WITH RECURSIVE up (leaf, id, parent_id) AS (
				SELECT id, id, parent_id FROM place WHERE id IN ?
				UNION ALL SELECT up.leaf, p.id, p.parent_id FROM place p JOIN up ON p.id = up.parent_id)
			SELECT leaf, id AS site FROM up WHERE parent_id = ''`, chunk).Scan(&rows).Error
		if err != nil {
			return nil, fmt.Errorf("read the sites of places: %w", err)
		}
		for _, r := range rows {
			sites[device.PlaceID(r.Leaf)] = device.PlaceID(r.Site)
		}
	}
	return sites, nil
}

// fleetOf counts the devices of a class at a site when the guard asks.
func fleetOf(db *gorm.DB, b *books) limits.Fleet {
	type key struct {
		site  device.PlaceID
		class device.Class
	}
	known := map[key]int{}
	return func(site device.PlaceID, class device.Class) int {
		k := key{site, class}
		if n, ok := known[k]; ok {
			return n
		}
		n := 0
		err := db.Raw(`WITH RECURSIVE inside (id) AS (
				SELECT id FROM place WHERE id = ?
				UNION ALL SELECT p.id FROM place p JOIN inside ON p.parent_id = inside.id)
			SELECT COUNT(*) FROM device WHERE class = ? AND stage IN ('enrolled', 'in_service')
				AND (place_id IN (SELECT id FROM inside) OR (? = '' AND place_id = ''))`, site, class, site).Scan(&n).Error
		if err != nil {
			b.err = errors.Join(b.err, fmt.Errorf("count the devices of a class at a site: %w", err))
		}
		known[k] = n
		return n
	}
}
