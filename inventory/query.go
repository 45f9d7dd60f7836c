package inventory

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"wardline/device"
	"wardline/internal/fault"
	"wardline/safety"
)

// Limits of a page.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// Query asks for a page of devices. An empty field does not narrow.
type Query struct {
	// Q is searched for in serial, asset tag, owner, IMEI and MAC, without regard
	// to case, spaces and punctuation: three characters and more anywhere, two at
	// the beginning. A barcode or a label's address that was scanned (ReadScan)
	// finds the device that it stands on.
	Q       string
	Filters Filters
	// Sort is one of Sorts, with "-" before it for descending.
	Sort string
	// Limit is 1 to MaxLimit; 0 is DefaultLimit.
	Limit  int
	Cursor string
	// Scope is what the reader may see at all.
	Scope Scope
}

// Scope limits a reader to sites and classes; empty lists do not limit.
type Scope struct {
	Sites   []device.PlaceID
	Classes []device.Class
}

// Filters narrow a list. Values of one filter are alternatives; filters are
// combined.
type Filters struct {
	Class      []device.Class
	Management []device.Management
	Model      []device.ModelID
	// Place is a node of the tree of places: everything below it is included.
	Place     device.PlaceID
	Stage     []device.Stage
	Condition []device.Condition
	Hold      []device.HoldKind
	Custody   []device.CustodyKind
	Tag       []string
	Owner     string // exactly this owner, without regard to case
	Serial    string // exactly this serial, without regard to case
	AssetTag  string // exactly this asset tag, without regard to case
	// Therapy is the derived state; safety.StateUnknown includes pumps that cannot
	// report.
	Therapy []safety.State
	// SilentSince: heard of once, and not since then. Devices that were never heard
	// of are not silent: most of them have no way to speak.
	SilentSince time.Time
	// CertificateDays: the certificate ends within this many days, or has ended.
	CertificateDays *int
	// CertificateEnd: the certificate that lasts longest ends then.
	CertificateEnd []CertificateEnd
	// SilentHours is SilentSince, counted back from now.
	SilentHours int
	// Current: still the hospital's; not decommissioned, returned or written off.
	Current bool
	// NoWard: belongs to no ward.
	NoWard bool
	Fault  []Fault
	// Configuration: one of these documents is desired of the device.
	Configuration []string
	// ConfigurationState narrows Configuration; without it, any document counts.
	ConfigurationState []ConfigurationState
}

// ConfigurationState is whether a device follows what is desired of it.
type ConfigurationState string

// The states of what is desired.
const (
	// ConfigurationInForce: the device reports it.
	ConfigurationInForce ConfigurationState = "in_force"
	// ConfigurationDrifting: it reports something else, or nothing.
	ConfigurationDrifting ConfigurationState = "drifting"
)

// ConfigurationStates lists the states.
func ConfigurationStates() []ConfigurationState {
	return []ConfigurationState{ConfigurationInForce, ConfigurationDrifting}
}

// The orders that a list can have.
const (
	SortLastSeen = "last_seen"
	SortSerial   = "serial"
	SortAssetTag = "asset_tag"
	SortOwner    = "owner"
	SortUpdated  = "updated"
)

// Sorts lists the orders.
func Sorts() []string {
	return []string{SortLastSeen, SortSerial, SortAssetTag, SortOwner, SortUpdated}
}

// Page is one page of devices.
type Page struct {
	Items []Item
	// NextCursor asks for the next page; empty on the last one.
	NextCursor string
	// Total is how many devices the query matched, exactly, when its first page was
	// read.
	Total int
}

// Search is a checked Query, as the store reads it.
type Search struct {
	Filters Filters
	// Pattern must occur in the device's SearchText; empty: nothing is searched.
	Pattern string
	// Scan stands for a pattern when a barcode is searched for; else nil.
	Scan  *Scan
	Scope Scope
	// Sort is one of Sorts, without the sign.
	Sort       string
	Descending bool
	Limit      int
	// After is the position after which the page begins; nil for the first page,
	// of which the store also counts the total.
	After *ListPosition
	// Therapy stands for Filters.Therapy; nil when that is empty.
	Therapy *TherapyFilter
	// CertificateUntil is the end of Filters.CertificateDays.
	CertificateUntil time.Time
	// CertificateBetween stands for Filters.CertificateEnd: from the first time of a
	// pair on, and before the second.
	CertificateBetween [][2]time.Time
}

// ListPosition is the place of a device in a sorted list.
type ListPosition struct {
	// Text or Micros holds the value that is sorted by.
	Text   string    `json:"t,omitempty"`
	Micros int64     `json:"m,omitempty"`
	ID     device.ID `json:"i"`
	// Total travels with the position: it is counted once per list.
	Total int `json:"n"`
	// Of names the query that the position belongs to.
	Of string `json:"q"`
}

// Found is a page as the store read it.
type Found struct {
	Records []Record
	// Next is the position of the last record; nil when nothing follows.
	Next *ListPosition
	// Total is counted on the first page and zero on the others.
	Total int
}

// search checks a query.
func (q Query) search(now time.Time) (Search, error) {
	s := Search{Filters: q.Filters, Scope: q.Scope, Limit: q.Limit}
	bad := fault.CodeInvalid.New("The list cannot be shown as asked.")
	if s.Limit == 0 {
		s.Limit = DefaultLimit
	}
	if s.Limit < 1 || s.Limit > MaxLimit {
		bad.WithField("limit", "must be 1 to %d", MaxLimit)
	}
	s.Sort, s.Descending = strings.CutPrefix(q.Sort, "-")
	if s.Sort == "" {
		s.Sort = SortSerial
	}
	if !slices.Contains(Sorts(), s.Sort) {
		bad.WithField("sort", "must be one of %s, with - before it for the reverse order", strings.Join(Sorts(), ", "))
	}
	s.find(q.Q, now, bad)
	checkFilters(q.Filters, bad)
	if q.Cursor != "" {
		after, err := parseCursor(q.Cursor)
		if err != nil || after.Of != q.name() {
			bad.WithField("cursor", "does not belong to this list: ask for its first page again")
		}
		s.After = after
	}
	if len(bad.Fields) > 0 {
		return Search{}, bad
	}
	if len(q.Filters.Therapy) > 0 {
		s.Therapy = therapyFilter(q.Filters.Therapy, now)
	}
	if q.Filters.CertificateDays != nil {
		s.CertificateUntil = now.AddDate(0, 0, *q.Filters.CertificateDays)
	}
	for _, e := range q.Filters.CertificateEnd {
		from, before := e.between(now)
		s.CertificateBetween = append(s.CertificateBetween, [2]time.Time{from, before})
	}
	if h := q.Filters.SilentHours; h > 0 {
		s.Filters.SilentSince = now.Add(-time.Duration(h) * time.Hour)
	}
	return s, nil
}

// find makes a pattern or a scan of what is searched for.
func (s *Search) find(text string, now time.Time, bad *fault.Fault) {
	if strings.TrimSpace(text) == "" {
		return
	}
	scan, ok, err := ReadScan(text, now)
	if err != nil {
		bad.WithField("q", "%s", sentenceOf(err))
		return
	}
	if ok {
		s.Scan = &scan
		return
	}
	if s.Pattern, ok = SearchPattern(text); !ok {
		bad.WithField("q", "write at least two letters or digits")
	}
}

func checkFilters(f Filters, bad *fault.Fault) {
	oneOf := func(name, got string, ok bool) {
		if !ok {
			bad.WithField(name, "%q is not known", clip(got))
		}
	}
	for _, c := range f.Class {
		oneOf("class", string(c), c.Valid())
	}
	for _, m := range f.Management {
		oneOf("management", string(m), m.Valid())
	}
	for _, v := range f.Stage {
		oneOf("stage", string(v), slices.Contains(device.Stages(), v))
	}
	for _, v := range f.Condition {
		oneOf("condition", string(v), slices.Contains(device.Conditions(), v))
	}
	for _, v := range f.Hold {
		oneOf("hold", string(v), slices.Contains(device.HoldKinds(), v))
	}
	for _, v := range f.Custody {
		oneOf("custody", string(v), slices.Contains(device.Custodies(), v))
	}
	for _, v := range f.Therapy {
		oneOf("therapy", string(v), slices.Contains(safety.States(), v))
	}
	for _, v := range f.Fault {
		oneOf("fault", string(v), slices.Contains(Faults(), v))
	}
	for _, v := range f.ConfigurationState {
		oneOf("configuration_state", string(v), slices.Contains(ConfigurationStates(), v))
	}
	for _, v := range f.CertificateEnd {
		oneOf("certificate", string(v), slices.Contains(CertificateEnds(), v))
	}
	if d := f.CertificateDays; d != nil && (*d < 0 || *d > 3650) {
		bad.WithField("certificate_days", "must be 0 to 3650")
	}
}

// name tells queries apart, so that a cursor of one is not used on another.
func (q Query) name() string {
	q.Cursor, q.Limit = "", 0
	b, err := json.Marshal(q)
	if err != nil {
		panic("inventory: encode a query: " + err.Error()) // texts and times always encode
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

func (p ListPosition) cursor() string {
	b, err := json.Marshal(p)
	if err != nil {
		panic("inventory: encode a cursor: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseCursor(s string) (*ListPosition, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil, err
	}
	var p ListPosition
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, err
	}
	return &p, nil
}
