package store

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// dbTime is a UTC time that both engines store, sort and read back alike: as
// microseconds since 1970 in a BIGINT. SQLite has no time type, and texts with
// zones sort wrongly. Zero is stored as 0 and read back as the zero time.
type dbTime time.Time

// Value implements driver.Valuer.
func (t dbTime) Value() (driver.Value, error) {
	if time.Time(t).IsZero() {
		return int64(0), nil
	}
	return time.Time(t).UnixMicro(), nil
}

// Scan implements sql.Scanner.
func (t *dbTime) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*t = dbTime{}
	case int64:
		if v == 0 {
			*t = dbTime{}
			return nil
		}
		*t = dbTime(time.UnixMicro(v).UTC())
	default:
		return fmt.Errorf("a time is stored as microseconds, not as %T", src)
	}
	return nil
}

// GormDataType tells gorm what column this is.
func (dbTime) GormDataType() string { return "bigint" }

func (t dbTime) time() time.Time { return time.Time(t) }
