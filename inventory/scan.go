package inventory

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"wardline/device"
)

// Scan is what a barcode that was scanned into a search says of the one device
// that it stands on.
type Scan struct {
	// Serials are the serial numbers that the barcode may hold: one, unless the
	// scanner lost the separator before it.
	Serials []string
	// DI is the device identifier of a UDI. A device that is recorded with another
	// one is not the device.
	DI string
	// Certain is false for a scan without separators: only a device that is
	// recorded with the same DI is it.
	Certain bool
	// Label is what a label's address ends with: an asset tag or a serial number.
	Label string
	// Device is set by the address of a device's own screen.
	Device device.ID
}

// ReadScan recognises what a scanner types: a UDI (GS1 with or without
// parentheses, HIBC), or the address on a label. ok is false for what people
// type. Errors are faults with the code udi_unreadable, for what can only have
// been a barcode and cannot be read.
func ReadScan(q string, now time.Time) (scan Scan, ok bool, err error) {
	s := strings.Trim(q, "\r\n\t ")
	if rest, marked := cutSymbology(s); marked && !isGS1Symbology(s) {
		s = rest
	}
	switch {
	case isAddress(s):
		scan, err = readAddress(s, now)
	case isMarkedUDI(s):
		scan, err = readUDI(s, now)
	case startsWithGTIN(s):
		// A scanner that names no symbology. What is no UDI may be a serial number.
		if scan, err = readUDI(s, now); err != nil {
			return Scan{}, false, nil
		}
	default:
		return Scan{}, false, nil
	}
	return scan, err == nil, err
}

// cutSymbology takes away the symbology identifier (ISO/IEC 15424) that scanners
// can be set to send first: "]", a letter, a digit.
func cutSymbology(s string) (string, bool) {
	if len(s) > 3 && s[0] == ']' && letter(s[1]) && (letter(s[2]) || digit(s[2])) {
		return s[3:], true
	}
	return s, false
}

func isGS1Symbology(s string) bool {
	return len(s) > 3 && slices.Contains([]string{"]d2", "]c1", "]q3", "]e0"}, strings.ToLower(s[:3]))
}

// isMarkedUDI: nothing that people search for looks like this.
func isMarkedUDI(s string) bool {
	if isGS1Symbology(s) || strings.Contains(s, gs) {
		return true
	}
	if strings.HasPrefix(s, "(") {
		ai, _, known := identifierAt(s[1:])
		return known && strings.HasPrefix(s[1+len(ai):], ")")
	}
	label := strings.TrimPrefix(s, "*")
	return len(label) > 6 && label[0] == '+' && (letter(label[1]) || label[1] == '$') && !strings.Contains(label, " ")
}

// startsWithGTIN reports whether s begins as a UDI does: 01 and fourteen digits
// with a good check digit, and something after them.
func startsWithGTIN(s string) bool {
	return len(s) > 16 && strings.HasPrefix(s, "01") && checkGTIN(s[2:16]) == nil
}

func letter(c byte) bool { return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

func readUDI(s string, now time.Time) (Scan, error) {
	udi, err := ParseUDI(s, now)
	if err != nil {
		if lost, ok := withoutSeparators(s); ok {
			return lost, nil
		}
		return Scan{}, err
	}
	if udi.Serial == "" {
		return Scan{}, CodeUDI.New("The barcode names a kind of device and no single one: it has no serial number. Scan the one that has it, or type it from the label.")
	}
	return Scan{Serials: []string{udi.Serial}, DI: udi.DI, Certain: true}, nil
}

// withoutSeparators reads a GS1 scan of which the scanner, or the browser, lost
// or replaced the separators. Then the serial number may begin after any "21": each is a
// candidate, and only a device that is recorded with the same DI is found.
func withoutSeparators(s string) (Scan, bool) {
	if rest, marked := cutSymbology(s); marked {
		s = rest
	}
	if strings.Contains(s, gs) || !startsWithGTIN(s) {
		return Scan{}, false
	}
	scan := Scan{DI: s[2:16]}
	for rest := s[16:]; ; {
		_, after, found := strings.Cut(rest, "21")
		if !found {
			break
		}
		if n := len(after); n > 0 && n <= gs1Fields["21"].chars && strings.Trim(after, gs1Characters) == "" {
			scan.Serials = append(scan.Serials, after)
		}
		// The next may begin with this one's last character.
		rest = rest[strings.Index(rest, "21")+1:]
	}
	return scan, len(scan.Serials) > 0
}

func isAddress(s string) bool {
	lower := strings.ToLower(s)
	return strings.HasPrefix(lower, "https://") || strings.HasPrefix(lower, "http://")
}

// readAddress reads the address on a label. It is never opened: what it ends
// with is looked up. GS1 Digital Link writes a UDI as an address.
func readAddress(s string, now time.Time) (Scan, error) {
	unknown := CodeUDI.New("The address on the label names no device: type the serial number or the asset tag.")
	u, err := url.Parse(s)
	if err != nil {
		return Scan{}, unknown
	}
	steps := strings.FieldsFunc(u.Path, func(r rune) bool { return r == '/' })
	if i := slices.Index(steps, "01"); i >= 0 && len(steps) > i+1 {
		var text strings.Builder
		for ; i+1 < len(steps); i += 2 {
			text.WriteString("(" + steps[i] + ")" + steps[i+1])
		}
		return readUDI(text.String(), now)
	}
	if len(steps) == 0 {
		return Scan{}, unknown
	}
	last := steps[len(steps)-1]
	if len(steps) > 1 && steps[len(steps)-2] == "devices" {
		return Scan{Device: device.ID(last)}, nil
	}
	return Scan{Label: last}, nil
}
