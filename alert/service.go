package alert

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"wardline/audit"
	"wardline/internal/fault"
	"wardline/internal/seal"
)

// Options is what a Service needs.
type Options struct {
	Storage Storage
	// Keys seal the secrets of webhooks.
	Keys seal.Keyring
	// NewID makes identifiers; nil: UUIDv7.
	NewID func() string
}

// Service is what people do with alerts. It is safe for concurrent use. That
// somebody may do it is decided before (package auth).
type Service struct {
	storage Storage
	keys    seal.Keyring
	newID   func() string
}

// New returns a service.
func New(o Options) *Service {
	s := &Service{storage: o.Storage, keys: o.Keys, newID: o.NewID}
	if s.newID == nil {
		s.newID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	return s
}

var (
	// CodeWebhookUsed is answered while a rule sends to a webhook.
	CodeWebhookUsed = fault.Define(fault.Conflict, "webhook_used",
		"Take the webhook out of the rules that send to it first.")
	codeSameSetting = fault.Define(fault.Conflict, "rule_unchanged",
		"Change something, or leave the rule as it is.")
	codeChangeOver = fault.Define(fault.Conflict, "rule_change_over",
		"Read the rules again: this change was withdrawn, agreed to, or rests on how the rule was set before.")
	codeAnotherPerson = fault.Define(fault.Forbidden, "rule_second_person",
		"Somebody else with the right role has to do this, signed in to their own session.")
	// CodeAcknowledged is answered when somebody was faster, or there is nothing to
	// take note of.
	CodeAcknowledged = fault.Define(fault.Conflict, "already_acknowledged",
		"Read the alert again: somebody has taken note of it, or it needs nobody to.")
)

// Alerts returns a page.
func (s *Service) Alerts(ctx context.Context, q Query) (Page, error) {
	if q.Limit < 1 || q.Limit > 200 {
		q.Limit = 50
	}
	return s.storage.Alerts(ctx, q)
}

// Alert returns one with what became of its messages.
func (s *Service) Alert(ctx context.Context, id ID) (Alert, []Delivery, error) {
	return s.storage.Alert(ctx, id)
}

// longestText is how long a note and a reason may be.
const longestText = 500

// Acknowledge notes that somebody took note of an alert, and what they have to
// say about it.
func (s *Service) Acknowledge(ctx context.Context, actor audit.Actor, id ID, note string) error {
	note = strings.TrimSpace(note)
	if utf8.RuneCountInString(note) > longestText {
		return fault.CodeInvalid.New("The note is too long.").WithField("note", "must have at most %d characters", longestText)
	}
	return s.storage.Acknowledge(ctx, actor, id, note)
}

// Settings returns how every rule is set, and the changes that wait.
func (s *Service) Settings(ctx context.Context) ([]Setting, []Change, error) {
	stored, changes, err := s.storage.AlertSettings(ctx)
	if err != nil {
		return nil, nil, err
	}
	var all []Setting
	for _, r := range rules {
		if r.ID != RuleTest {
			all = append(all, settingOf(stored, r))
		}
	}
	return all, changes, nil
}

// settingOf is how a rule is set: as stored, or as shipped. Numbers that came
// with a newer version have what they ship with.
func settingOf(stored []Setting, r Rule) Setting {
	shipped := r.Shipped()
	at := slices.IndexFunc(stored, func(s Setting) bool { return s.Rule == r.ID })
	if at < 0 {
		return shipped
	}
	out := stored[at]
	for id, n := range out.Numbers {
		if _, known := shipped.Numbers[id]; known {
			shipped.Numbers[id] = n
		}
	}
	out.Numbers = shipped.Numbers
	out.On = out.On || r.Always
	return out
}

// Complete is a stored setting with what it leaves open.
func Complete(s Setting) Setting {
	r, known := RuleOf(s.Rule)
	if !known {
		return s
	}
	return settingOf([]Setting{s}, r)
}

// Change changes how a rule is set. What lets people hear less waits for a second
// person; waits says so.
func (s *Service) Change(ctx context.Context, actor audit.Actor, next Setting, reason string) (waits bool, err error) {
	reason = strings.TrimSpace(reason)
	if err := next.Check(); err != nil {
		return false, err
	}
	if n := utf8.RuneCountInString(reason); n < 3 || n > longestText {
		return false, fault.CodeInvalid.New("Say why the rule is changed.").WithField("reason", "must have 3 to %d characters", longestText)
	}
	if err := s.knownWebhooks(ctx, next); err != nil {
		return false, err
	}
	id := s.newID()
	err = s.storage.ChangeAlertSetting(ctx, "alert_rule:"+string(next.Rule), next.Rule, func(now time.Time, current Setting, open *Change) (Decision, error) {
		var d Decision
		if same(current, next) {
			return d, codeSameSetting.New("The rule is set like that already.")
		}
		if open != nil {
			ended := *open
			ended.EndedAt, ended.EndedBy = now, actor
			d.Changes = append(d.Changes, ended)
		}
		if waits = current.Weaker(next); waits {
			c := Change{ID: id, Next: next, BasedOn: current.Version, Reason: reason, AskedBy: actor, AskedAt: now}
			d.Changes = append(d.Changes, c)
			d.Events = append(d.Events, c.event("alert.change_requested", actor))
			return d, nil
		}
		next.Version, next.UpdatedAt, next.UpdatedBy = current.Version+1, now, actor
		d.Setting = &next
		d.Events = append(d.Events, next.event(actor, reason))
		return d, nil
	})
	return waits, err
}

func (s *Service) knownWebhooks(ctx context.Context, next Setting) error {
	hooks, err := s.storage.Webhooks(ctx)
	if err != nil {
		return err
	}
	for i, r := range next.Routes {
		if r.Webhook != "" && !slices.ContainsFunc(hooks, func(w Webhook) bool { return w.ID == r.Webhook }) {
			return fault.CodeInvalid.New("The rule cannot be set like that.").WithField(fmt.Sprintf("routes[%d]", i), "there is no such webhook")
		}
	}
	return nil
}

func same(a, b Setting) bool {
	return a.On == b.On && a.Concerned == b.Concerned && slices.Equal(a.Routes, b.Routes) && !a.Weaker(b) && !b.Weaker(a)
}

func (s Setting) event(actor audit.Actor, reason string) audit.Event {
	return audit.Event{Actor: actor, Action: "alert.rule_changed", Subject: "alert_rule:" + string(s.Rule),
		Detail: map[string]any{"rule": string(s.Rule), "on": s.On, "numbers": s.Numbers, "concerned": s.Concerned, "recipients": len(s.Routes), "because": reason}}
}

func (c Change) event(action audit.Action, actor audit.Actor) audit.Event {
	return audit.Event{Actor: actor, Action: action, Subject: "alert_rule:" + string(c.Next.Rule),
		Detail: map[string]any{"rule": string(c.Next.Rule), "change": c.ID, "on": c.Next.On, "numbers": c.Next.Numbers,
			"concerned": c.Next.Concerned, "recipients": len(c.Next.Routes), "because": c.Reason, "asked_by": c.AskedBy.ID}}
}

// Agree is the second person's agreement to a change. That the person holds the
// role that is needed is settled before (package auth).
func (s *Service) Agree(ctx context.Context, actor audit.Actor, id string) error {
	return s.decide(ctx, id, func(now time.Time, current Setting, c Change) (Decision, error) {
		if actor.Kind != audit.ActorPerson || actor.ID == c.AskedBy.ID || actor.Session == c.AskedBy.Session {
			return Decision{}, codeAnotherPerson.New("Another person than the one who asked has to agree, signed in as a person.")
		}
		if current.Version != c.BasedOn {
			return Decision{}, codeChangeOver.New("The rule has been changed since this was asked.")
		}
		c.EndedAt, c.EndedBy, c.Agreed = now, actor, true
		next := c.Next
		next.Version, next.UpdatedAt, next.UpdatedBy = current.Version+1, now, actor
		return Decision{Setting: &next, Changes: []Change{c},
			Events: []audit.Event{c.event("alert.change_approved", actor), next.event(actor, c.Reason)}}, nil
	})
}

// Withdraw ends a change that waits: whoever asked withdraws it, anybody else who
// may decide says no.
func (s *Service) Withdraw(ctx context.Context, actor audit.Actor, id string) error {
	return s.decide(ctx, id, func(now time.Time, _ Setting, c Change) (Decision, error) {
		c.EndedAt, c.EndedBy = now, actor
		return Decision{Changes: []Change{c}, Events: []audit.Event{c.event("alert.change_withdrawn", actor)}}, nil
	})
}

func (s *Service) decide(ctx context.Context, id string, decide func(time.Time, Setting, Change) (Decision, error)) error {
	rule, err := s.storage.RuleOfChange(ctx, id)
	if err != nil {
		return err
	}
	return s.storage.ChangeAlertSetting(ctx, "alert_change:"+id, rule, func(now time.Time, current Setting, open *Change) (Decision, error) {
		if open == nil || open.ID != id {
			return Decision{}, codeChangeOver.New("There is no such change of a rule any more.")
		}
		return decide(now, current, *open)
	})
}

// Webhooks lists them, by name.
func (s *Service) Webhooks(ctx context.Context) ([]Webhook, error) { return s.storage.Webhooks(ctx) }

// SecretSize is how many random bytes a webhook's secret is made of.
const SecretSize = 32

// AddWebhook makes a webhook and returns its secret, which is shown once.
func (s *Service) AddWebhook(ctx context.Context, actor audit.Actor, name, address string) (Webhook, string, error) {
	name = strings.TrimSpace(name)
	bad := fault.CodeInvalid.New("The webhook cannot be added as it is described.")
	if n := utf8.RuneCountInString(name); n < 1 || n > 100 {
		bad.WithField("name", "must have 1 to 100 characters")
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" || len(address) > 1000 {
		bad.WithField("url", "is an address of the form https://name/path, without user and password")
	}
	if len(bad.Fields) > 0 {
		return Webhook{}, "", bad
	}
	raw := make([]byte, SecretSize)
	if _, err := rand.Read(raw); err != nil {
		return Webhook{}, "", fmt.Errorf("make the secret of a webhook: %w", err)
	}
	secret := base64.RawURLEncoding.EncodeToString(raw)
	w := Webhook{ID: WebhookID(s.newID()), Name: name, URL: u.String(), CreatedBy: actor}
	if w.Sealed, err = s.keys.For(w.context()).Seal([]byte(secret)); err != nil {
		return Webhook{}, "", fmt.Errorf("seal the secret of a webhook: %w", err)
	}
	return w, secret, s.storage.AddWebhook(ctx, actor, w)
}

// context binds the sealed secret to this webhook and its address: a writer of
// the database who changes the address gets nothing signed.
func (w Webhook) context() string { return "alert.webhook:" + string(w.ID) + " " + w.URL }

// RemoveWebhook removes one that no rule sends to.
func (s *Service) RemoveWebhook(ctx context.Context, actor audit.Actor, id WebhookID) error {
	return s.storage.RemoveWebhook(ctx, actor, id)
}

// Address is where an account gets its mail.
func (s *Service) Address(ctx context.Context, account Account) (Recipient, error) {
	return s.storage.MailAddress(ctx, account)
}

// SetAddress says where an account gets its mail, and in which language; an empty
// address: nowhere.
func (s *Service) SetAddress(ctx context.Context, actor audit.Actor, account Account, address, language string) error {
	address = strings.TrimSpace(address)
	bad := fault.CodeInvalid.New("The mail address cannot be kept.")
	if address != "" && !ValidAddress(address) {
		bad.WithField("address", "is not a mail address")
	}
	if !slices.Contains([]string{"en", "de"}, language) {
		bad.WithField("language", "the language is en or de")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return s.storage.SetMailAddress(ctx, actor, Recipient{Account: account, Address: address, Language: language})
}

// ReportBackup notes that a backup was made.
func (s *Service) ReportBackup(ctx context.Context, actor audit.Actor, what string, madeAt time.Time) error {
	what = strings.TrimSpace(what)
	if n := utf8.RuneCountInString(what); n < 1 || n > 200 {
		return fault.CodeInvalid.New("Say what was backed up.").WithField("what", "must have 1 to 200 characters")
	}
	return s.storage.ReportBackup(ctx, Backup{MadeAt: madeAt, What: what, ReportedBy: actor})
}

// LastBackup is the newest backup that was reported; false: there never was one.
func (s *Service) LastBackup(ctx context.Context) (Backup, bool, error) {
	return s.storage.LastBackup(ctx)
}
