package fleet

import (
	"encoding/base32"
	"fmt"
	"io"

	"wardline/device"
)

// Hospital is everything that a demo begins with. It is data: Seed hands it to
// a server, New brings its devices to life.
type Hospital struct {
	Places       []Place
	AccessPoints []AccessPoint
	Models       []Model
	Accounts     []Account
	Devices      []Spec

	// file and told are of a hospital that a data folder remembers (OpenHospital).
	file string
	told map[string]bool
}

// Place is a node in the tree of places. Keys are names of this package; the
// server gives its own identifiers when it is seeded.
type Place struct {
	Key      string
	Parent   string // the parent's Key; empty for a site
	Kind     device.PlaceKind
	Name     string
	CareArea bool
	// Custody is in whose hands a device is that stands here.
	Custody device.CustodyKind
}

// AccessPoint is a simulated Wi-Fi access point.
type AccessPoint struct {
	BSSID string // lower case, colon separated, locally administered
	Name  string
	Place string // a Place's Key
}

// Model is a model with the key that devices name it by. Its ID is empty: the
// server gives one.
type Model struct {
	Key string
	device.Model
}

// Account is one person's sign-in. The password and the TOTP secret are random
// and made anew for each data folder.
type Account struct {
	Username string `json:"username"`
	Password string `json:"password"`
	// OTPSecret is base32 without padding, as authenticator apps take it: SHA-1,
	// six digits, 30 seconds.
	OTPSecret string `json:"otp_secret"`
	Role      string `json:"role"`
	// Name is what screens show; it names a post, never a person.
	Name string `json:"-"`
	// Badge is what the scanner of a charging station types; empty: none.
	Badge string `json:"badge,omitempty"`
}

// Spec describes one device: what the hospital's records say of it and, for the
// level agent, how the simulated thing begins.
type Spec struct {
	Serial     string
	Model      string // a Model's Key
	Class      device.Class
	Management device.Management

	AssetTag string
	Owner    string
	Place    string // a Place's Key: where it belongs
	UDI      string
	UDIDI    string
	Lot      string
	IMEI     string
	MAC      string
	Tags     []string

	Stage     device.Stage
	Condition device.Condition
	Custody   device.Custody

	// Spot is where it is within its ward, as a nurse would say it: "Bed 12".
	Spot string
	// BSSID is the access point it begins at.
	BSSID string
	// Battery is the charge it begins with, 0 to 100.
	Battery int
	// Therapy and Programme are how a pump begins.
	Therapy   device.Reported
	Programme Programme
	// Lost says that it has been reported lost before the demo begins.
	Lost bool
	// Unplugged says that it loses its network right after its first poll, so
	// that its state ages into unknown.
	Unplugged bool
	// Firmware is the version it reports.
	Firmware string
}

// Programme is what a pump has been set to deliver. Only hands at the pump set
// it: nothing in Wardline can.
type Programme struct {
	Drug   string  `json:"drug"`
	Rate   float64 `json:"rate_ml_h"` // mL per hour
	Volume float64 `json:"volume_ml"` // mL to be infused
	Given  float64 `json:"given_ml"`  // mL infused so far
}

// Agent reports whether the device runs our agent, and so is simulated. The
// others are records of their level and report nothing themselves.
func (s Spec) Agent() bool { return s.Management == device.ManagementAgent }

// Place returns the place with the given key.
func (h *Hospital) Place(key string) (Place, bool) {
	for _, p := range h.Places {
		if p.Key == key {
			return p, true
		}
	}
	return Place{}, false
}

// PlaceOf returns the place in which an access point stands.
func (h *Hospital) PlaceOf(bssid string) (Place, bool) {
	for _, ap := range h.AccessPoints {
		if ap.BSSID == bssid {
			return h.Place(ap.Place)
		}
	}
	return Place{}, false
}

// AccessPointIn returns the first access point that stands in the place with
// the given key.
func (h *Hospital) AccessPointIn(key string) (AccessPoint, bool) {
	for _, ap := range h.AccessPoints {
		if ap.Place == key {
			return ap, true
		}
	}
	return AccessPoint{}, false
}

// Model returns the model with the given key.
func (h *Hospital) Model(key string) (Model, bool) {
	for _, m := range h.Models {
		if m.Key == key {
			return m, true
		}
	}
	return Model{}, false
}

// Wards returns the places of kind ward, in the order of the tree.
func (h *Hospital) Wards() []Place {
	var wards []Place
	for _, p := range h.Places {
		if p.Kind == device.PlaceWard {
			wards = append(wards, p)
		}
	}
	return wards
}

// Path returns the names from the site down to the place, as people say where
// something is.
func (h *Hospital) Path(key string) []string {
	var names []string
	for key != "" {
		p, ok := h.Place(key)
		if !ok {
			break
		}
		names = append([]string{p.Name}, names...)
		key = p.Parent
	}
	return names
}

// Default numbers of devices in a demo.
const (
	DefaultPumps  = 16
	DefaultPhones = 24
	// MaxDevices bounds each of the two numbers: one process has only so many
	// file descriptors.
	MaxDevices = 5000
)

// NewHospital builds the hospital with the given numbers of pumps and of
// phones, handhelds and tablets (0 to MaxDevices each), and draws the accounts'
// passwords and TOTP secrets from random. The first devices are the ones that
// the demo's stories are about; beyond the catalogue they are repeated over the
// wards with new serials.
func NewHospital(pumps, phones int, random io.Reader) (*Hospital, error) {
	if pumps < 0 || phones < 0 || pumps > MaxDevices || phones > MaxDevices {
		return nil, fmt.Errorf("a demo has 0 to %d pumps and 0 to %d phones, not %d and %d", MaxDevices, MaxDevices, pumps, phones)
	}
	h := &Hospital{told: map[string]bool{}, Places: places(), AccessPoints: accessPoints(), Models: models()}
	h.Devices = append(pumpSpecs(pumps), phoneSpecs(phones)...)
	for i := range h.Devices {
		if err := h.complete(&h.Devices[i]); err != nil {
			return nil, err
		}
	}
	for _, a := range accounts() {
		var err error
		if a.Password, err = newPassword(random); err != nil {
			return nil, fmt.Errorf("draw a password for %s: %w", a.Username, err)
		}
		if a.OTPSecret, err = newOTPSecret(random); err != nil {
			return nil, fmt.Errorf("draw a one-time-code secret for %s: %w", a.Username, err)
		}
		h.Accounts = append(h.Accounts, a)
	}
	return h, nil
}

// complete fills in what follows from the rest of a spec.
func (h *Hospital) complete(s *Spec) error {
	m, ok := h.Model(s.Model)
	if !ok {
		return fmt.Errorf("device %s names the model %q, which is not in the catalogue", s.Serial, s.Model)
	}
	place, ok := h.Place(s.Place)
	if !ok {
		return fmt.Errorf("device %s names the place %q, which is not in the catalogue", s.Serial, s.Place)
	}
	s.Class = m.Class
	if s.BSSID == "" {
		ap, ok := h.AccessPointIn(s.Place)
		if !ok {
			return fmt.Errorf("device %s stands in %s, which has no access point", s.Serial, place.Name)
		}
		s.BSSID = ap.BSSID
	}
	if s.Custody.Kind == "" {
		s.Custody = device.Custody{Kind: place.Custody, Which: place.Name}
	}
	if s.Stage == "" {
		s.Stage = device.StageInService
	}
	return nil
}

// newPassword returns 20 letters and digits: 92 bits of chance. There are no
// vowels among them, so that neither a word nor a username stands in it, and
// nothing that is easily confused.
func newPassword(random io.Reader) (string, error) {
	const letters = "bcdfghjkmnpqrstvwxz23456"
	password := make([]byte, 0, 23)
	one := make([]byte, 1)
	for len(password) < cap(password) {
		if len(password)%6 == 5 {
			password = append(password, '-')
			continue
		}
		if _, err := io.ReadFull(random, one); err != nil {
			return "", err
		}
		// Bytes past the last whole multiple would favour the first letters.
		if n := int(one[0]); n < 256-256%len(letters) {
			password = append(password, letters[n%len(letters)])
		}
	}
	return string(password), nil
}

func newOTPSecret(random io.Reader) (string, error) {
	b := make([]byte, 20)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", err
	}
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b), nil
}
