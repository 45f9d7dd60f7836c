package store

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"wardline/device"
	"wardline/inventory"
)

// overviewCount is one run of Overview: every query has the same base.
type overviewCount struct {
	db   *gorm.DB
	ask  inventory.OverviewAsk
	base string // a condition on device d
	args []any
	// device joins device d by its id, behind the table whose index finds fewer.
	device string
	// pumpsAt counts pumps by place, and then those of which nothing is known.
	pumpsAt map[device.PlaceID]int
	out     inventory.OverviewCounts
}

// Overview implements inventory.Storage. It reads each table once, grouped; no
// step is taken per device.
func (s *Store) Overview(ctx context.Context, ask inventory.OverviewAsk) (inventory.OverviewCounts, error) {
	db := s.reader.WithContext(ctx)
	m, err := s.matching(db, inventory.Search{Scope: ask.Scope, Filters: inventory.Filters{Current: true}})
	if err != nil {
		return inventory.OverviewCounts{}, err
	}
	c := &overviewCount{db: db, ask: ask, device: " JOIN device d ON d.id = ", args: m.args, pumpsAt: map[device.PlaceID]int{}}
	if s.engine == SQLite {
		// It has no statistics, and would look up every device by its stage.
		m.hideIndexes("none")
		c.device = " CROSS JOIN device d INDEXED BY device_for_lists ON d.id = "
	}
	c.base = joinConditions(m.where)
	for _, step := range []func() error{c.devices, c.pumps, c.certificates, c.lost, c.reports} {
		if err := step(); err != nil {
			return c.out, fmt.Errorf("count the fleet: %w", err)
		}
	}
	return c.out, nil
}

func (c *overviewCount) with(before []any, after ...any) []any {
	return append(append(append([]any{}, before...), c.args...), after...)
}

// devices counts by class, management, stage and place: what is a pump, and where,
// is among it.
func (c *overviewCount) devices() error {
	var rows []struct {
		Class, Management, Stage string
		PlaceID                  string `gorm:"column:place_id"`
		Ever                     bool
		N                        int
	}
	err := c.db.Raw(`SELECT d.class, d.management, d.stage, d.place_id, d.ever_reported_therapy AS ever, count(*) AS n FROM device d
		WHERE `+c.base+" GROUP BY d.class, d.management, d.stage, d.place_id, d.ever_reported_therapy", c.args...).Scan(&rows).Error
	for _, r := range rows {
		n := inventory.StageCount{Class: device.Class(r.Class), Management: device.Management(r.Management), Stage: device.Stage(r.Stage), Count: r.N}
		if last := len(c.out.Devices) - 1; last >= 0 && c.out.Devices[last].Class == n.Class && c.out.Devices[last].Management == n.Management &&
			c.out.Devices[last].Stage == n.Stage {
			c.out.Devices[last].Count += n.Count
		} else {
			c.out.Devices = append(c.out.Devices, n)
		}
		// As matching.pumps: what is decommissioned is not current.
		if n.Class.IsPump() || r.Ever {
			c.pumpsAt[device.PlaceID(r.PlaceID)] += n.Count
		}
	}
	return err
}

// pumps counts those whose state is known, under the conditions of
// matching.therapy, and takes the others for unknown.
func (c *overviewCount) pumps() error {
	var rows []struct {
		Management, Custody, Condition, Therapy string
		PlaceID                                 string `gorm:"column:place_id"`
		Care                                    bool
		N                                       int
	}
	err := c.db.Raw(`SELECT d.management, d.custody_kind AS custody, d.condition, d.place_id, r.therapy,
			(d.place_id IN (SELECT id FROM place WHERE care_area) OR r.seen_place_id IN (SELECT id FROM place WHERE care_area)) AS care, count(*) AS n
		FROM device_report r`+c.device+`r.device_id
		WHERE r.therapy <> '' AND r.therapy IN ? AND r.therapy_at BETWEEN ? AND ? AND d.class IN ? AND `+c.base+`
		GROUP BY d.management, d.custody_kind, d.condition, d.place_id, r.therapy, 6`,
		c.with([]any{inventory.ReportedStates(), dbTime(c.ask.TherapySince), dbTime(c.ask.Now), pumpClasses})...).Scan(&rows).Error
	for _, r := range rows {
		place := device.PlaceID(r.PlaceID)
		c.pumpsAt[place] -= r.N
		c.out.Pumps = append(c.out.Pumps, inventory.PumpCell{Place: place, Count: r.N, TherapyCell: inventory.TherapyCell{
			Management: device.Management(r.Management), Reported: device.Reported(r.Therapy), Custody: device.CustodyKind(r.Custody),
			Condition: device.Condition(r.Condition), CareArea: r.Care}})
	}
	for place, n := range c.pumpsAt {
		if n > 0 {
			c.out.Pumps = append(c.out.Pumps, inventory.PumpCell{Place: place, Count: n})
		}
	}
	return err
}

// certificates counts by the group in which the longest-lasting certificate of
// the current enrollment ends.
func (c *overviewCount) certificates() error {
	var group strings.Builder
	var ends []any
	for i, before := range c.ask.CertificatesBefore {
		fmt.Fprintf(&group, " WHEN last < ? THEN %d", i)
		ends = append(ends, dbTime(before))
	}
	var rows []struct{ Bucket, N int }
	err := c.db.Raw("SELECT CASE"+group.String()+fmt.Sprintf(" ELSE %d END AS bucket, count(*) AS n FROM (", len(ends))+
		"SELECT max(not_after) AS last FROM certificate"+c.device+"device_id AND d.enrollment_id = certificate.enrollment_id WHERE "+liveCertificate+
		" AND "+c.base+" GROUP BY device_id, certificate.enrollment_id) x GROUP BY 1", append(ends, c.args...)...).Scan(&rows).Error
	c.out.Certificates = make([]int, len(ends)+1)
	for _, r := range rows {
		c.out.Certificates[r.Bucket] = r.N
	}
	return err
}

func (c *overviewCount) lost() error {
	from := " FROM device_hold h JOIN device d ON d.id = h.device_id WHERE h.kind = ? AND " + c.base
	args := c.with([]any{device.HoldLost})
	if err := c.db.Raw("SELECT count(*)"+from, args...).Scan(&c.out.Lost).Error; err != nil || c.out.Lost == 0 {
		return err
	}
	var newest []device.ID
	if err := c.db.Raw("SELECT d.id"+from+" ORDER BY h.since DESC, d.id LIMIT ?", append(args, c.ask.NewestLost)...).Scan(&newest).Error; err != nil {
		return err
	}
	var err error
	c.out.LostNewest, err = readRecords(c.db, newest, c.ask.Now)
	return err
}

// reports counts what is told by the last report alone: silence and faults.
func (c *overviewCount) reports() error {
	c.out.Silent = make([]int, len(c.ask.SilentSince))
	var spans strings.Builder
	var since []any
	for i, at := range c.ask.SilentSince {
		fmt.Fprintf(&spans, "WHEN r.received_at >= ? THEN %d ", i)
		since = append(since, dbTime(at))
	}
	// Each device is in the span that ends after it was heard: the shorter spans
	// hold it too.
	var rows []struct{ Span, N int }
	err := c.db.Raw("SELECT CASE "+spans.String()+fmt.Sprintf("ELSE %d END AS span, count(*) AS n FROM device_report r", len(since))+c.device+"r.device_id"+
		" WHERE r.received_at > 0 AND r.received_at < ? AND "+c.base+" GROUP BY 1", append(append(since, dbTime(c.ask.SilentSince[0])), c.args...)...).Scan(&rows).Error
	if err != nil {
		return err
	}
	for _, r := range rows {
		for i := range min(r.Span, len(c.out.Silent)) {
			c.out.Silent[i] += r.N
		}
	}
	return c.db.Raw("SELECT count(*) FROM device_report r"+c.device+"r.device_id WHERE "+wrongClock+" AND "+c.base, c.args...).
		Scan(&c.out.WrongClock).Error
}
