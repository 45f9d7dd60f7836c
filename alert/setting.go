package alert

import (
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
)

// WebhookID identifies a webhook (UUIDv7).
type WebhookID string

// Route is one recipient of a rule. Exactly one of Role, Address and Webhook is
// set.
type Route struct {
	// Role: everybody who holds it and has given a mail address.
	Role    string    `json:"role,omitempty"`
	Address string    `json:"address,omitempty"`
	Webhook WebhookID `json:"webhook,omitempty"`
	// Site narrows to what happens there; empty: everywhere. What belongs to no site
	// goes to every route.
	Site device.PlaceID `json:"site,omitempty"`
	// Language of an address: en or de.
	Language string `json:"language,omitempty"`
}

// Setting is how one rule is set.
type Setting struct {
	Rule RuleID `json:"rule"`
	On   bool   `json:"on"`
	// Numbers of the rule, by Number.ID.
	Numbers map[string]int `json:"numbers"`
	// Concerned: those whom it concerns are told by mail.
	Concerned bool    `json:"concerned"`
	Routes    []Route `json:"routes"`
	// Version rises with every change.
	Version   int         `json:"-"`
	UpdatedAt time.Time   `json:"-"`
	UpdatedBy audit.Actor `json:"-"`
}

// Shipped is how a rule is set on a new server: on, and nobody is written to but
// those whom it concerns, once they have given an address.
func (r Rule) Shipped() Setting {
	s := Setting{Rule: r.ID, On: true, Numbers: map[string]int{}, Concerned: r.Concerned}
	for _, n := range r.Numbers {
		s.Numbers[n.ID] = n.Default
	}
	return s
}

// most is how many recipients a rule can have.
const mostRoutes = 50

// Check says what is wrong with a setting.
func (s Setting) Check() error {
	rule, known := RuleOf(s.Rule)
	bad := fault.CodeInvalid.New("The rule cannot be set like that.")
	if !known || s.Rule == RuleTest {
		bad.WithField("rule", "there is no such rule")
		return bad
	}
	if !s.On && rule.Always {
		bad.WithField("on", "this rule cannot be switched off")
	}
	for id, n := range s.Numbers {
		number, known := rule.number(id)
		switch {
		case !known:
			bad.WithField("numbers."+id, "this rule has no such number")
		case n < number.Least || n > number.Most:
			bad.WithField("numbers."+id, "must be %d to %d", number.Least, number.Most)
		}
	}
	for _, n := range rule.Numbers {
		if _, given := s.Numbers[n.ID]; !given {
			bad.WithField("numbers."+n.ID, "is missing")
		}
	}
	if s.Concerned && !rule.Concerned {
		bad.WithField("concerned", "this rule concerns nobody in particular")
	}
	if len(s.Routes) > mostRoutes {
		bad.WithField("routes", "a rule has at most %d recipients", mostRoutes)
	}
	for i, r := range s.Routes {
		r.check(bad, fmt.Sprintf("routes[%d]", i), slices.Contains(s.Routes[:i], r))
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

func (r Route) check(bad *fault.Fault, name string, twice bool) {
	set := 0
	for _, v := range []string{r.Role, r.Address, string(r.Webhook)} {
		if v != "" {
			set++
		}
	}
	switch {
	case set != 1:
		bad.WithField(name, "names a role, a mail address or a webhook")
	case r.Address != "" && !ValidAddress(r.Address):
		bad.WithField(name, "is not a mail address")
	case !slices.Contains([]string{"", "en", "de"}, r.Language):
		bad.WithField(name, "the language is en or de")
	case twice:
		bad.WithField(name, "stands here twice")
	}
}

// ValidAddress reports whether mail can be sent there: a bare address, short
// enough, on one line.
func ValidAddress(s string) bool {
	if len(s) > 254 || !utf8.ValidString(s) || strings.ContainsAny(s, "\r\n<>, ") {
		return false
	}
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && strings.Contains(s, ".")
}

// Weaker reports whether people would hear less under next than under s: then a
// second person has to agree.
func (s Setting) Weaker(next Setting) bool {
	if s.On && !next.On || s.Concerned && !next.Concerned {
		return true
	}
	rule, _ := RuleOf(s.Rule)
	for _, n := range rule.Numbers {
		was, is := s.Numbers[n.ID], next.Numbers[n.ID]
		if n.MoreIsStricter && is < was || !n.MoreIsStricter && is > was {
			return true
		}
	}
	return slices.ContainsFunc(s.Routes, func(r Route) bool {
		return !slices.ContainsFunc(next.Routes, func(o Route) bool { return o.covers(r) })
	})
}

// covers: whoever hears by r also hears by o.
func (o Route) covers(r Route) bool {
	return o.Role == r.Role && o.Address == r.Address && o.Webhook == r.Webhook && (o.Site == "" || o.Site == r.Site)
}

// Change is a change of a rule that waits for a second person, or was decided.
type Change struct {
	ID      string
	Next    Setting
	BasedOn int // version of the setting that was seen
	Reason  string
	AskedBy audit.Actor
	AskedAt time.Time
	// EndedAt is when it was agreed to, withdrawn or overtaken.
	EndedAt time.Time
	Agreed  bool
	EndedBy audit.Actor
}

// ChangeLife is how long a change waits.
const ChangeLife = 7 * 24 * time.Hour

// Webhook is a program that is told by HTTPS.
type Webhook struct {
	ID   WebhookID
	Name string
	URL  string
	// Sealed is the secret that signs what it is sent, under the master key.
	Sealed    []byte
	CreatedAt time.Time
	CreatedBy audit.Actor
}

// Host is where it goes, without what may be secret in its address.
func (w Webhook) Host() string {
	u, err := url.Parse(w.URL)
	if err != nil {
		return ""
	}
	return "https://" + u.Host
}

// Backup is the newest backup that was reported.
type Backup struct {
	MadeAt     time.Time
	What       string
	ReportedAt time.Time
	ReportedBy audit.Actor
}
