package inventory

import (
	"strings"
	"time"
)

// hibccCharacters in the order of their values for the check character (ANSI/
// HIBC 2.6, as Code 39 modulo 43).
const hibccCharacters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"

// parseHIBCC reads "+", labeler, product, unit of measure, and after "/" the
// secondary data; one check character over all of it ends the whole. Scanners
// that change case are forgiven: the standard knows capitals only.
func parseHIBCC(s string, now time.Time) (UDI, error) {
	s = strings.ToUpper(s)
	sum := 0
	for _, r := range s[:len(s)-1] {
		v := strings.IndexRune(hibccCharacters, r)
		if v < 0 {
			return UDI{}, CodeUDI.New("The barcode holds %q, which no HIBCC label can hold.", r)
		}
		sum += v
	}
	if s[len(s)-1] != hibccCharacters[sum%len(hibccCharacters)] {
		return UDI{}, CodeUDI.New("The check character of the barcode is wrong: scan again.")
	}
	// The check character may itself be "/": it is cut off before anything is split.
	parts := strings.Split(s[1:len(s)-1], "/")
	u := UDI{Agency: HIBCC, DI: parts[0]}
	if err := checkPrimary(parts[0]); err != nil {
		return UDI{}, err
	}
	for i, part := range parts[1:] {
		if err := readSecondary(&u, part, i == 0, now); err != nil {
			return UDI{}, err
		}
	}
	return u, nil
}

// checkPrimary checks labeler (a letter and three letters or digits), product (1
// to 18 letters or digits) and unit of measure (a digit).
func checkPrimary(p string) error {
	if p == "" || p[0] == '$' || p[0] >= '0' && p[0] <= '9' {
		return CodeUDI.New("This is the second barcode of a HIBCC label, without the device identifier: scan the first, or both as one.")
	}
	alnum := strings.IndexFunc(p, func(r rune) bool { return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z') }) < 0
	unit := p[len(p)-1]
	if len(p) < 6 || len(p) > 23 || !alnum || unit < '0' || unit > '9' {
		return CodeUDI.New("%q is not a HIBCC device identifier.", clip(p))
	}
	return nil
}

// readSecondary reads one part of the secondary data. Only the first part may
// have the compact forms; the others begin with a data identifier.
func readSecondary(u *UDI, p string, first bool, now time.Time) error {
	switch {
	case strings.HasPrefix(p, "$$+"):
		return readDated(u, p[3:], &u.Serial, now)
	case strings.HasPrefix(p, "$$"):
		return readDated(u, p[2:], &u.Lot, now)
	case strings.HasPrefix(p, "$+"):
		return put(&u.Serial, p[2:])
	case strings.HasPrefix(p, "$"):
		return put(&u.Lot, p[1:])
	case strings.HasPrefix(p, "14D"):
		return putDate(&u.Expires, "20060102", p[3:])
	case strings.HasPrefix(p, "16D"):
		return putDate(&u.Made, "20060102", p[3:])
	case strings.HasPrefix(p, "S"):
		return put(&u.Serial, p[1:])
	case strings.HasPrefix(p, "Q"), strings.HasPrefix(p, "L"):
		return nil // quantity, location
	case first && len(p) >= 5:
		if err := readDate(&u.Expires, '5', p[:5], now); err != nil {
			return err
		}
		return put(&u.Lot, p[5:])
	}
	return CodeUDI.New("The second part of the barcode, %q, cannot be read.", clip(p))
}

// hibccDateLength is the number of characters of each form of date.
var hibccDateLength = map[byte]int{'2': 6, '3': 6, '4': 8, '5': 5, '6': 7, '7': 0}

// readDated reads an optional quantity (8 and two digits, or 9 and five), a date
// in one of the six forms or as MMYY, and then a lot or a serial.
func readDated(u *UDI, p string, rest *string, now time.Time) error {
	short := CodeUDI.New("The second part of the barcode is cut off.")
	if p == "" {
		return short
	}
	switch n := len(p); {
	case p[0] == '8' && n >= 3:
		p = p[3:]
	case p[0] == '9' && n >= 6:
		p = p[6:]
	}
	if p == "" {
		return nil // a quantity alone
	}
	form, length, ok := p[0], 0, false
	if length, ok = hibccDateLength[form]; ok {
		p = p[1:]
	} else {
		form, length = 'M', 4
	}
	if len(p) < length {
		return short
	}
	if length > 0 {
		if err := readDate(&u.Expires, form, p[:length], now); err != nil {
			return err
		}
	}
	return put(rest, p[length:])
}

// readDate reads a date: M is MMYY, 2 MMDDYY, 3 YYMMDD, 4 YYMMDDHH, 5 YYJJJ, 6
// YYJJJHH, where JJJ is the day of the year.
func readDate(to *string, form byte, v string, now time.Time) error {
	n, err := digits(v)
	if err != nil {
		return err
	}
	two := func(i int) int { return n[i]*10 + n[i+1] }
	switch form {
	case 'M':
		if month := two(0); month >= 1 && month <= 12 {
			*to = lastOfMonth(fullYear(two(2), now), month)
			return nil
		}
		return CodeUDI.New("%q is not a month and year.", v)
	case '2':
		*to, err = isoDate(fullYear(two(4), now), two(0), two(2))
	case '3', '4':
		*to, err = isoDate(fullYear(two(0), now), two(2), two(4))
	default:
		year, day := fullYear(two(0), now), n[2]*100+n[3]*10+n[4]
		t := time.Date(year, time.January, day, 0, 0, 0, 0, time.UTC)
		if day == 0 || t.Year() != year {
			return CodeUDI.New("Day %d of the year %d does not exist.", day, year)
		}
		*to = t.Format(time.DateOnly)
	}
	return err
}

func putDate(to *string, layout, v string) error {
	t, err := time.Parse(layout, v)
	if err != nil {
		return CodeUDI.New("%q is not a date.", clip(v))
	}
	return put(to, t.Format(time.DateOnly))
}

func put(to *string, v string) error {
	if *to != "" && v != "" && *to != v {
		return CodeUDI.New("The barcode says both %q and %q for the same thing.", clip(*to), clip(v))
	}
	if v != "" {
		*to = v
	}
	return nil
}
