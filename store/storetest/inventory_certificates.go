package storetest

import (
	"time"

	"github.com/google/go-cmp/cmp"

	"wardline/inventory"
)

// certificateStory: of three certificates the first was replaced by the second,
// and the enrollment of both by a newer one.
func certificateStory(x *hospital) {
	item := x.add(x.pump, "P1")
	other := x.add(x.pump, "P2")
	now := x.Clock.Now()
	insert := func(owner inventory.Item, serial, enrollment string, recorded, superseded, revoked time.Time) {
		revocation, reason, revokedAt, supersededAt := "", 0, int64(0), int64(0)
		if !revoked.IsZero() {
			revocation, reason, revokedAt = "revoked", 4, revoked.UnixMicro()
		}
		if !superseded.IsZero() {
			supersededAt = superseded.UnixMicro()
		}
		x.exec(`INSERT INTO certificate (serial, purpose, subject, device_id, enrollment_id, fingerprint, not_before, not_after, recorded_at, first_used_at, superseded_at, revocation, reason, revoked_at)
			VALUES ($1, 'device', 's', $2, $3, $4, $5, $6, $5, $5, $7, $8, $9, $10)`, serial, string(owner.Device.ID), enrollment, "fp-"+serial,
			recorded.UnixMicro(), now.AddDate(1, 0, 0).UnixMicro(), supersededAt, revocation, reason, revokedAt)
	}
	first, second, third := now.AddDate(0, 0, -90), now.AddDate(0, 0, -60), now.AddDate(0, 0, -1)
	insert(item, "01", "e1", first, second, third)
	insert(item, "02", "e1", second, time.Time{}, third)
	insert(item, "03", "e2", third, time.Time{}, time.Time{})
	insert(other, "04", "e3", third, time.Time{}, time.Time{})
	// Granted but not yet signed: there is nothing to show of it.
	x.exec(`INSERT INTO certificate (serial, purpose, subject, device_id, enrollment_id, fingerprint, not_before, not_after, recorded_at)
		VALUES ('05', 'device', 's', $1, 'e2', '', 0, $2, $2)`, string(item.Device.ID), now.UnixMicro())

	list, err := x.service.Certificates(x.ctx, item.Device.ID)
	if err != nil {
		x.t.Fatal(err)
	}
	type told struct{ Serial, Status, Reason string }
	var got []told
	for _, c := range list {
		got = append(got, told{c.Serial, c.Status, c.Reason})
	}
	want := []told{{"03", "active", ""}, {"02", "revoked", "replaced by a newer enrollment"}, {"01", "revoked", "replaced by a newer enrollment"}}
	if diff := cmp.Diff(want, got); diff != "" {
		x.t.Fatal(diff)
	}
	if c := list[2]; !c.SupersededAt.Equal(second) || !c.RevokedAt.Equal(third) || !c.FirstUsedAt.Equal(first) || c.Enrollment != "e1" {
		x.t.Errorf("the first certificate's story: %+v", c)
	}
}
