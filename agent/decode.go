package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"wardline/commands"
	"wardline/device"
)

// bodies holds buffers for the bodies of polls.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooledBody keeps one large inventory from holding memory for ever.
const maxPooledBody = 32 << 10

// readPoll reads, decodes and checks the body of a poll.
func readPoll(w http.ResponseWriter, r *http.Request) (*PollRequest, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, codeBadPoll.New("the body must be of the type application/json")
	}
	buf := bodies.Get().(*bytes.Buffer)
	defer func() {
		if buf.Cap() <= maxPooledBody {
			buf.Reset()
			bodies.Put(buf)
		}
	}()
	control := http.NewResponseController(w)
	deadline := control.SetReadDeadline(time.Now().Add(bodyTimeout)) == nil
	_, err := buf.ReadFrom(http.MaxBytesReader(w, r.Body, MaxPollBytes))
	if deadline {
		// Only the body was bounded: a held connection is read for its end.
		_ = control.SetReadDeadline(time.Time{})
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, codePollTooLarge.New("the body is larger than %d bytes", MaxPollBytes)
	}
	if err != nil {
		return nil, codeBadPoll.New("the body could not be read")
	}
	return decodePoll(buf.Bytes())
}

// decodePoll decodes and checks a poll. It is safe for hostile input. Names that
// it does not know are ignored, since a newer agent may say more.
func decodePoll(b []byte) (*PollRequest, error) {
	var version struct {
		Protocol int `json:"protocol"`
	}
	req := &PollRequest{}
	if err := json.Unmarshal(b, req); err != nil {
		// A protocol that we do not speak may look different throughout.
		if json.Unmarshal(b, &version) == nil && version.Protocol != Protocol && version.Protocol != 0 {
			return nil, wrongProtocol(version.Protocol)
		}
		return nil, codeBadPoll.New("the body is not the JSON of a poll: %s", jsonWords(err))
	}
	if req.Protocol != Protocol {
		return nil, wrongProtocol(req.Protocol)
	}
	if name, why := req.check(); name != "" {
		return nil, codeBadPoll.New("%s %s", name, why).WithField(name, "%s", why)
	}
	return req, nil
}

func wrongProtocol(v int) error {
	return codeProtocol.New("protocol %d is not spoken here; this server speaks %d", v, Protocol)
}

// jsonWords tells where JSON is wrong without quoting it.
func jsonWords(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("it is malformed at byte %d", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Sprintf("%s has the wrong type", clip(kind.Field, maxName))
	}
	return "it ends too early"
}

// check returns the first member that is not within its limits.
func (p *PollRequest) check() (name, why string) {
	switch {
	case !isName(p.BootID):
		return "boot_id", "must have 1 to 128 printable characters"
	case p.Sequence == 0:
		return "sequence", "counts from 1"
	case p.WaitSeconds < 0 || p.WaitSeconds > MaxWaitSeconds:
		return "wait_seconds", fmt.Sprintf("must be 0 to %d", MaxWaitSeconds)
	case len(p.Capabilities) > MaxCapabilities:
		return "capabilities", "has too many members"
	case len(p.InventoryHash) > maxName:
		return "inventory_hash", "is too long"
	case len(p.Results) > MaxResults:
		return "results", fmt.Sprintf("may hold %d at once", MaxResults)
	}
	for _, k := range p.Capabilities {
		if !isName(string(k)) {
			return "capabilities", "must be names"
		}
	}
	if name, why := p.State.check(); name != "" {
		return "state." + name, why
	}
	if name, why := p.Inventory.check(); name != "" {
		return "inventory." + name, why
	}
	for i := range p.Results {
		if name, why := p.Results[i].check(); name != "" {
			return fmt.Sprintf("results[%d].%s", i, name), why
		}
	}
	return "", ""
}

// maxAgeMS bounds ages: ten years.
const maxAgeMS = 10 * 365 * 24 * 3600 * 1000

func (s *State) check() (name, why string) {
	switch {
	case s.Therapy != device.ReportedNone && !s.Therapy.Valid():
		return "therapy", "is not one of infusing, paused, stopped, service"
	case s.StateAgeMS < 0 || s.StateAgeMS > maxAgeMS:
		return "state_age_ms", "is out of range"
	case s.BatteryPercent != nil && (*s.BatteryPercent < 0 || *s.BatteryPercent > 100):
		return "battery_percent", "must be 0 to 100"
	case len(s.ConfigVersions) > MaxConfigs:
		return "config_versions", "has too many members"
	}
	for k, v := range s.ConfigVersions {
		if !isName(k) || len(v) > maxName {
			return "config_versions", "must map names to versions"
		}
	}
	if n := s.Network; n != nil {
		switch {
		case len(n.SSID) > 64 || len(n.IP) > 64:
			return "network", "has a value that is too long"
		case n.BSSID != "" && !isBSSID(n.BSSID):
			return "network.bssid", "must be six octets, such as 00:1a:1e:aa:bb:cc"
		case n.RSSIdBm < -200 || n.RSSIdBm > 100:
			return "network.rssi_dbm", "is out of range"
		}
	}
	if l := s.Location; l != nil && !l.valid() {
		return "location", "is not a position on earth"
	}
	return "", ""
}

func (l *Location) valid() bool {
	return math.Abs(l.Latitude) <= 90 && math.Abs(l.Longitude) <= 180 &&
		l.AccuracyM >= 0 && l.AccuracyM <= 1e7 && l.AgeMS >= 0 && l.AgeMS <= maxAgeMS
}

func (i *Inventory) check() (name, why string) {
	if i == nil {
		return "", ""
	}
	for name, v := range map[string]string{"maker": i.Maker, "model": i.Model, "serial": i.Serial,
		"software_version": i.SoftwareVersion, "firmware_version": i.FirmwareVersion, "os_version": i.OSVersion,
		"agent_version": i.AgentVersion, "imei": i.IMEI, "mac": i.MAC} {
		if len(v) > maxName {
			return name, "is too long"
		}
	}
	if len(i.Apps) > MaxApps {
		return "apps", "has too many members"
	}
	for _, a := range i.Apps {
		if !isName(a.ID) || len(a.Version) > maxName {
			return "apps", "must have an id and a version of at most 128 characters"
		}
	}
	return "", ""
}

func (r *Result) check() (name, why string) {
	if _, err := commands.ParseID(r.CommandID); err != nil {
		return "command_id", "is not an identifier"
	}
	switch {
	case !r.Status.Valid():
		return "status", "is not one of accepted, succeeded, failed, refused, not_now"
	case len(r.Reason) > maxReason:
		return "reason", "is too long"
	case r.AgeMS < -1 || r.AgeMS > maxAgeMS:
		return "age_ms", "is out of range"
	case len(r.Receipt) > maxReceipt:
		return "receipt", "is too long"
	}
	return "", ""
}

// isName reports whether s is a short printable text.
func isName(s string) bool {
	if s == "" || len(s) > maxName || !utf8.ValidString(s) {
		return false
	}
	for _, c := range s {
		if c < 0x20 || c == 0x7f {
			return false
		}
	}
	return true
}

func isBSSID(s string) bool {
	if len(s) != 17 {
		return false
	}
	for i, c := range []byte(strings.ToLower(s)) {
		if i%3 == 2 {
			if c != ':' {
				return false
			}
		} else if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// clip shortens a text to at most n bytes without cutting a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
