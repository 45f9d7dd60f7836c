package inventory

import (
	"fmt"
	"strings"
	"time"
)

// Agency is who issued a UDI's device identifier, and so how it is written.
type Agency string

// The agencies that the FDA has accredited.
const (
	GS1    Agency = "gs1"
	HIBCC  Agency = "hibcc"
	ICCBBA Agency = "iccbba" // blood and tissue; recognised, not read
)

// UDI is what a device's barcode says.
type UDI struct {
	Agency Agency
	// DI is the device identifier: 14 digits for GS1; labeler, product and unit of
	// measure for HIBCC.
	DI     string
	Lot    string
	Serial string
	// Expires is a day, "2026-08-31". Made is a day, or a month ("2026-08") when the
	// label leaves the day open. Empty: the label does not say.
	Expires string
	Made    string
	// Raw is the scan, as it came.
	Raw string
}

// Text is the UDI in its human-readable form.
func (u UDI) Text() string {
	if u.Agency != GS1 {
		return strings.Trim(strings.TrimSpace(u.Raw), "*")
	}
	var b strings.Builder
	part := func(ai, value string) {
		if value != "" {
			fmt.Fprintf(&b, "(%s)%s", ai, value)
		}
	}
	part("01", u.DI)
	part("11", gs1Date(u.Made))
	part("17", gs1Date(u.Expires))
	part("10", u.Lot)
	part("21", u.Serial)
	return b.String()
}

func gs1Date(iso string) string {
	switch len(iso) {
	case len("2026-08-31"):
		return iso[2:4] + iso[5:7] + iso[8:]
	case len("2026-08"):
		return iso[2:4] + iso[5:7] + "00"
	}
	return ""
}

// ParseUDI reads a scan or the human-readable text of a UDI. now decides the
// century of years of two digits. Line ends that scanners type are ignored.
// Errors are faults with the code udi_unreadable.
func ParseUDI(scan string, now time.Time) (UDI, error) {
	s := strings.Trim(scan, "\r\n\t ")
	if len(s) > maxScan {
		return UDI{}, CodeUDI.New("The barcode is longer than any UDI.")
	}
	var u UDI
	var err error
	switch {
	case s == "":
		return UDI{}, CodeUDI.New("The scan is empty.")
	case strings.HasPrefix(s, "=/"), strings.HasPrefix(s, "=,"), strings.HasPrefix(s, "&,"):
		u = UDI{Agency: ICCBBA}
	case strings.HasPrefix(s, "+"), strings.HasPrefix(s, "*+"):
		u, err = parseHIBCC(strings.Trim(s, "*"), now)
	case strings.HasPrefix(s, "("):
		u, err = parseGS1Text(s, now)
	default:
		u, err = parseGS1Scan(s, now)
	}
	u.Raw = scan
	if err != nil {
		return UDI{}, err
	}
	return u, nil
}

const maxScan = 400

// gs is the separator between GS1 fields: the scanner's word for FNC1.
const gs = "\x1d"

// gs1Field is one application identifier of the GS1 General Specifications.
type gs1Field struct {
	fixed bool
	chars int // exactly, when fixed; at most, otherwise
	set   func(*UDI, string, time.Time) error
}

var gs1Fields = map[string]gs1Field{
	"01": {true, 14, func(u *UDI, v string, _ time.Time) error {
		u.DI = v
		return checkGTIN(v)
	}},
	"11": {true, 6, func(u *UDI, v string, now time.Time) (err error) {
		u.Made, err = yymmdd(v, now, false)
		return err
	}},
	"17": {true, 6, func(u *UDI, v string, now time.Time) (err error) {
		u.Expires, err = yymmdd(v, now, true)
		return err
	}},
	"10":   {false, 20, func(u *UDI, v string, _ time.Time) error { u.Lot = v; return nil }},
	"21":   {false, 20, func(u *UDI, v string, _ time.Time) error { u.Serial = v; return nil }},
	"240":  {false, 30, func(*UDI, string, time.Time) error { return nil }}, // additional product identification
	"241":  {false, 30, func(*UDI, string, time.Time) error { return nil }}, // customer part number
	"250":  {false, 30, func(*UDI, string, time.Time) error { return nil }}, // secondary serial
	"8012": {false, 20, func(*UDI, string, time.Time) error { return nil }}, // software version
}

// identifierAt returns the application identifier that s begins with. No known
// one is the beginning of another.
func identifierAt(s string) (string, gs1Field, bool) {
	for n := 2; n <= 4 && n <= len(s); n++ {
		if f, ok := gs1Fields[s[:n]]; ok {
			return s[:n], f, true
		}
	}
	return "", gs1Field{}, false
}

// parseGS1Scan reads an element string as a scanner types it.
func parseGS1Scan(s string, now time.Time) (UDI, error) {
	for _, aim := range []string{"]d2", "]C1", "]Q3", "]e0"} {
		if len(s) >= len(aim) && strings.EqualFold(s[:len(aim)], aim) {
			s = s[len(aim):]
			break
		}
	}
	u, seen := UDI{Agency: GS1}, map[string]bool{}
	for s = strings.TrimPrefix(s, gs); s != ""; s = strings.TrimPrefix(s, gs) {
		ai, f, ok := identifierAt(s)
		if !ok {
			return UDI{}, CodeUDI.New("The barcode is not a UDI: %q is not a field of one.", clip(s))
		}
		s = s[len(ai):]
		var value string
		if f.fixed {
			if len(s) < f.chars {
				return UDI{}, CodeUDI.New("The barcode is cut off in field (%s).", ai)
			}
			value, s = s[:f.chars], s[f.chars:]
		} else {
			value, s, _ = strings.Cut(s, gs)
		}
		if err := setGS1(&u, seen, ai, f, value, now); err != nil {
			return UDI{}, err
		}
	}
	return finishGS1(u, seen)
}

// parseGS1Text reads the human-readable form, "(01)...(17)...".
func parseGS1Text(s string, now time.Time) (UDI, error) {
	u, seen := UDI{Agency: GS1}, map[string]bool{}
	for s != "" {
		ai, f, ok := identifierAt(strings.TrimPrefix(s, "("))
		if !ok || !strings.HasPrefix(s, "("+ai+")") {
			return UDI{}, CodeUDI.New("The text is not a UDI: %q is not a field of one.", clip(s))
		}
		s = s[len(ai)+2:]
		end := len(s)
		if next := nextField(s); next >= 0 {
			end = next
		}
		value := strings.TrimSpace(s[:end])
		if f.fixed && len(value) != f.chars {
			return UDI{}, CodeUDI.New("Field (%s) has %d characters, not %d.", ai, len(value), f.chars)
		}
		if err := setGS1(&u, seen, ai, f, value, now); err != nil {
			return UDI{}, err
		}
		s = s[end:]
	}
	return finishGS1(u, seen)
}

// nextField is where the next "(identifier)" begins; -1 when there is none.
func nextField(s string) int {
	for i := range len(s) {
		if s[i] != '(' {
			continue
		}
		if ai, _, ok := identifierAt(s[i+1:]); ok && strings.HasPrefix(s[i+1+len(ai):], ")") {
			return i
		}
	}
	return -1
}

func setGS1(u *UDI, seen map[string]bool, ai string, f gs1Field, value string, now time.Time) error {
	for _, r := range value {
		if !strings.ContainsRune(gs1Characters, r) {
			return CodeUDI.New("Field (%s) holds %q, which no UDI can hold: the scanner replaced a separator or damaged the text.", ai, r)
		}
	}
	switch {
	case value == "":
		return CodeUDI.New("Field (%s) is empty.", ai)
	case len(value) > f.chars:
		return CodeUDI.New("Field (%s) has %d characters, and at most %d are possible: the scanner lost the separator between two fields.", ai, len(value), f.chars)
	case nextField(value) >= 0:
		return CodeUDI.New("Field (%s) holds what looks like another field: type serial and lot from the label.", ai)
	case seen[ai]:
		return CodeUDI.New("Field (%s) stands in the barcode twice.", ai)
	}
	seen[ai] = true
	return f.set(u, value, now)
}

// gs1Characters is character set 82 of the GS1 General Specifications.
const gs1Characters = `!"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz`

func finishGS1(u UDI, seen map[string]bool) (UDI, error) {
	if !seen["01"] {
		return UDI{}, CodeUDI.New("The barcode has no device identifier (01): scan the other barcode of the label, or both as one.")
	}
	return u, nil
}

// checkGTIN checks the check digit of a GTIN-14: weights 3 and 1 from the right.
func checkGTIN(v string) error {
	sum := 0
	for i := range len(v) {
		c := v[len(v)-1-i]
		if c < '0' || c > '9' {
			return CodeUDI.New("The device identifier (01) %s holds something else than digits.", clip(v))
		}
		weight := 1
		if i%2 == 1 {
			weight = 3
		}
		sum += int(c-'0') * weight
	}
	if sum%10 != 0 {
		return CodeUDI.New("The check digit of the device identifier (01) %s is wrong: scan again.", v)
	}
	return nil
}

// yymmdd reads a date of six digits. The year lies within 50 years back and 49
// ahead. Day 00 leaves the day open: for an expiry that is the last day of the
// month.
func yymmdd(v string, now time.Time, expiry bool) (string, error) {
	n, err := digits(v)
	if err != nil {
		return "", err
	}
	year := fullYear(n[0]*10+n[1], now)
	month, day := n[2]*10+n[3], n[4]*10+n[5]
	if day == 0 && month >= 1 && month <= 12 {
		if !expiry {
			return fmt.Sprintf("%04d-%02d", year, month), nil
		}
		return lastOfMonth(year, month), nil
	}
	return isoDate(year, month, day)
}

func digits(v string) ([]int, error) {
	out := make([]int, len(v))
	for i, c := range []byte(v) {
		if c < '0' || c > '9' {
			return nil, CodeUDI.New("%q is not a date.", clip(v))
		}
		out[i] = int(c - '0')
	}
	return out, nil
}

func fullYear(yy int, now time.Time) int {
	year := now.Year()/100*100 + yy
	switch {
	case year-now.Year() > 49:
		return year - 100
	case now.Year()-year > 50:
		return year + 100
	}
	return year
}

func lastOfMonth(year, month int) string {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

func isoDate(year, month, day int) (string, error) {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if t.Year() != year || int(t.Month()) != month || t.Day() != day {
		return "", CodeUDI.New("The label holds the date %04d-%02d-%02d, which does not exist.", year, month, day)
	}
	return t.Format(time.DateOnly), nil
}
