package inventory

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"wardline/audit"
	"wardline/device"
)

// Export is a CSV file of all devices that a query matches, of which the first
// page has been read: what can be refused was refused before the first byte.
type Export struct {
	service *Service
	query   Query
	page    Page
}

// Export begins an export and records it. q.Cursor and q.Limit are ignored.
func (s *Service) Export(ctx context.Context, actor audit.Actor, q Query) (*Export, error) {
	q.Cursor, q.Limit = "", MaxLimit
	page, err := s.Find(ctx, q)
	if err != nil {
		return nil, err
	}
	err = s.storage.Note(ctx, audit.Event{Actor: actor, Action: ActionExported, Detail: map[string]any{"devices": page.Total}})
	if err != nil {
		return nil, err
	}
	return &Export{service: s, query: q, page: page}, nil
}

var exportHeader = []string{"id", "serial", "model", "class", "management", "asset_tag", "owner", "place", "udi", "lot", "imei", "mac", "tags",
	"stage", "condition", "custody", "holds", "last_seen_at", "therapy", "battery_percent", "software_version", "firmware_version", "os_version",
	"storage_encrypted", "passcode_set", "certificate_ends_at"}

// Write writes the file page by page; page is called before each, to renew a
// write deadline. After an error the file is cut off: whoever sends it must break
// the connection, so that it is not taken for a whole one.
func (e *Export) Write(ctx context.Context, w io.Writer, page func() error) error {
	out := csv.NewWriter(w)
	if err := out.Write(exportHeader); err != nil {
		return fmt.Errorf("export devices: %w", err)
	}
	for {
		if err := page(); err != nil {
			return fmt.Errorf("export devices: %w", err)
		}
		for _, i := range e.page.Items {
			if err := out.Write(exportRow(i)); err != nil {
				return fmt.Errorf("export devices: %w", err)
			}
		}
		if out.Flush(); out.Error() != nil {
			return fmt.Errorf("export devices: %w", out.Error())
		}
		if e.page.NextCursor == "" {
			return nil
		}
		e.query.Cursor = e.page.NextCursor
		var err error
		if e.page, err = e.service.Find(ctx, e.query); err != nil {
			return fmt.Errorf("export devices: %w", err)
		}
	}
}

// exportRow writes a device in the columns that ImportDelivery reads, and more.
func exportRow(i Item) []string {
	d, r := i.Device, i.Device.Report
	row := []string{string(d.ID), d.Serial, strings.TrimSpace(i.Model.Maker + " " + i.Model.Name), string(d.Class), string(d.Management),
		d.AssetTag, d.Owner, exportPath(i.Path), d.UDI, d.Lot, d.IMEI, d.MAC, strings.Join(d.Tags, " | "),
		string(d.Stage), string(d.Condition), strings.TrimSpace(string(d.Custody.Kind) + " " + d.Custody.Which), exportHolds(d.Holds),
		exportTime(r.ReceivedAt), exportTherapy(i.Therapy), exportBattery(r.BatteryPercent), r.SoftwareVersion, r.FirmwareVersion, r.OSVersion,
		yesNo(r.StorageEncrypted), yesNo(r.PasscodeSet), ""}
	if i.Certificate != nil {
		row[len(row)-1] = exportTime(i.Certificate.NotAfter)
	}
	for n, cell := range row {
		row[n] = quoteFormula(cell)
	}
	return row
}

func exportPath(path []device.Place) string {
	names := make([]string, len(path))
	for i, p := range path {
		names[i] = strings.ReplaceAll(p.Name, "/", " ")
	}
	return strings.Join(names, " / ")
}

func exportHolds(holds []device.Hold) string {
	kinds := make([]string, len(holds))
	for i, h := range holds {
		kinds[i] = string(h.Kind)
	}
	return strings.Join(kinds, " | ")
}

func exportTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func exportTherapy(t *Therapy) string {
	if t == nil {
		return ""
	}
	return string(t.State)
}

func exportBattery(percent int) string {
	if percent < 0 {
		return ""
	}
	return strconv.Itoa(percent)
}
