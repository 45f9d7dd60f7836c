package alert

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/internal/seal"
	"wardline/internal/translate"
)

// Mail is one message by mail.
type Mail struct {
	// ID is the same at every attempt.
	ID, To, Subject, Text string
}

// Mailer sends mail.
type Mailer interface {
	Send(ctx context.Context, m Mail) error
}

// Hook is one message to a webhook.
type Hook struct {
	ID, URL string
	Secret  []byte
	Body    []byte
	At      time.Time
}

// Caller calls webhooks.
type Caller interface {
	Call(ctx context.Context, h Hook) error
}

// ErrForGood is in the error of a Mailer or Caller when another attempt cannot
// help: there is no such address.
var ErrForGood = errors.New("not worth another attempt")

// PostOptions is what a Post needs.
type PostOptions struct {
	Storage PostStorage
	// Mailer is nil where no mail server is configured.
	Mailer Mailer
	Caller Caller
	// Concerned finds, among those who can be told by mail, whom an alert concerns;
	// nil: nobody.
	Concerned func(ctx context.Context, a Alert, people []Recipient) ([]Account, error)
	Keys      seal.Keyring
	// AdminURL is where people reach the console; empty: messages carry no link.
	AdminURL string
	NewID    func() string
	Now      func() time.Time
	Log      *slog.Logger
}

// Post works out who is told of an alert, and sends what waits. Any number of
// servers may run it on one database.
type Post struct {
	PostOptions
	nudge chan struct{}
}

// NewPost returns a post office.
func NewPost(o PostOptions) *Post {
	if o.NewID == nil {
		o.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Post{PostOptions: o, nudge: make(chan struct{}, 1)}
}

const (
	// perStep bounds one step, and how much is sent at the same time: a lease is
	// longer than the slowest attempt, so nobody else sends the same meanwhile.
	perStep     = 8
	attemptTime = 30 * time.Second
	lease       = 90 * time.Second
	// keepTrying is how long a message is tried again.
	keepTrying = 48 * time.Hour
	longest    = time.Hour
)

// HasMail reports whether a mail server is configured.
func (p *Post) HasMail() bool { return p.Mailer != nil }

// Nudge says that there may be something to send.
func (p *Post) Nudge() {
	select {
	case p.nudge <- struct{}{}:
	default:
	}
}

// Run sends until ctx ends.
func (p *Post) Run(ctx context.Context, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		more, err := p.Step(ctx)
		if err != nil && ctx.Err() == nil {
			p.Log.ErrorContext(ctx, "sending alerts fails and is tried again", "error", err)
			more = false
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-p.nudge:
		}
	}
}

// Step works out who is told of what is new, and makes one attempt at what is
// due. more says that there may be more to do at once.
func (p *Post) Step(ctx context.Context) (more bool, err error) {
	alerts, err := p.Storage.Unaddressed(ctx, 50)
	if err != nil {
		return false, err
	}
	if len(alerts) > 0 {
		if err := p.address(ctx, alerts); err != nil {
			return false, err
		}
	}
	// Also mail that an earlier run left, when the server has gone since: it ends
	// then, and does not wait for ever.
	due, err := p.Storage.ClaimDeliveries(ctx, []Channel{ByMail, ByWebhook}, perStep, lease)
	if err != nil {
		return false, err
	}
	var all sync.WaitGroup
	errs := make([]error, len(due))
	for i, d := range due {
		all.Go(func() { errs[i] = p.deliver(ctx, d) })
	}
	all.Wait()
	return len(due) == perStep, errors.Join(errs...)
}

// address works out who is told.
func (p *Post) address(ctx context.Context, alerts []Alert) error {
	stored, _, err := p.Storage.AlertSettings(ctx)
	if err != nil {
		return err
	}
	people, err := p.Storage.Recipients(ctx)
	if err != nil {
		return err
	}
	for _, a := range alerts {
		rule, known := RuleOf(a.Rule)
		if !known {
			continue // raised by a newer version: that one tells people
		}
		var concerned []Account
		s := settingOf(stored, rule)
		if s.Concerned && p.Concerned != nil {
			if concerned, err = p.Concerned(ctx, a, people); err != nil {
				return fmt.Errorf("find whom alert %s concerns: %w", a.ID, err)
			}
		}
		if err := p.Storage.AddressAlert(ctx, a.ID, p.messages(a, s, people, concerned)); err != nil {
			return err
		}
	}
	return nil
}

// messages are what is sent about an alert: one for each recipient.
func (p *Post) messages(a Alert, s Setting, people []Recipient, concerned []Account) []Delivery {
	var out []Delivery
	add := func(d Delivery) {
		if slices.ContainsFunc(out, func(o Delivery) bool { return o.Channel == d.Channel && strings.EqualFold(o.Target, d.Target) }) {
			return
		}
		d.ID, d.Alert, d.State = p.NewID(), a.ID, Waiting
		if d.Channel == ByMail && p.Mailer == nil {
			d.State, d.LastError = NotSent, "No mail server is configured."
		}
		out = append(out, d)
	}
	for _, r := range people {
		hears := slices.Contains(concerned, r.Account)
		for _, route := range s.Routes {
			hears = hears || route.Role != "" && slices.Contains(r.Roles, route.Role) && route.at(a) && r.at(a)
		}
		if hears {
			add(Delivery{Channel: ByMail, Target: r.Address, Account: r.Account, Language: r.Language})
		}
	}
	for _, route := range s.Routes {
		switch {
		case !route.at(a):
		case route.Address != "":
			add(Delivery{Channel: ByMail, Target: route.Address, Language: route.Language})
		case route.Webhook != "":
			add(Delivery{Channel: ByWebhook, Target: string(route.Webhook)})
		}
	}
	return out
}

func (r Route) at(a Alert) bool { return r.Site == "" || a.Site == "" || r.Site == a.Site }

// at: somebody whose account holds for some sites hears of these alone.
func (r Recipient) at(a Alert) bool {
	return len(r.Sites) == 0 || a.Site == "" || slices.Contains(r.Sites, a.Site)
}

// deliver makes one attempt and keeps what came of it. A kill between the two
// means that it is sent again: at least once.
func (p *Post) deliver(ctx context.Context, d Delivery) error {
	try, cancel := context.WithTimeout(ctx, attemptTime)
	err := p.send(try, d)
	cancel()
	if ctx.Err() != nil {
		return nil // stopping: the lease runs out, and somebody sends it
	}
	d.Attempts++
	now := p.Now()
	switch {
	case err == nil:
		d.State, d.LastError = Sent, ""
	case errors.Is(err, ErrForGood), now.Sub(d.CreatedAt) > keepTrying:
		d.State, d.LastError = GivenUp, short(err)
	default:
		d.DueAt, d.LastError = now.Add(pause(d.ID, d.Attempts)), short(err)
		p.Log.WarnContext(ctx, "an alert could not be delivered and is tried again", "alert", string(d.Alert), "channel", string(d.Channel), "attempts", d.Attempts, "error", err)
	}
	return p.Storage.SettleDelivery(ctx, d)
}

// pause is how long to wait after so many attempts: half a minute, then twice as
// long each time, an hour at most; and up to a quarter less, for each message and
// attempt another part of it, so that what one outage held up does not fall on
// the mail server all at once. It is drawn from the message's id: the same for
// whoever works it out.
func pause(id string, attempts int) time.Duration {
	whole := min(30*time.Second<<min(attempts-1, 10), longest)
	h := fnv.New32a()
	_, _ = fmt.Fprintf(h, "%s %d", id, attempts)
	return whole - whole/4*time.Duration(h.Sum32()%1000)/1000
}

// short is an error for a page: one line.
func short(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if len(text) > 300 {
		text = text[:300]
	}
	return strings.ToValidUTF8(text, "")
}

func (p *Post) send(ctx context.Context, d Delivery) error {
	a, _, err := p.Storage.Alert(ctx, d.Alert)
	if err != nil {
		return err
	}
	if d.Channel == ByMail {
		if p.Mailer == nil {
			return fmt.Errorf("no mail server is configured: %w", ErrForGood)
		}
		return p.Mailer.Send(ctx, p.Letter(a, d))
	}
	hooks, err := p.Storage.Webhooks(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(hooks, func(w Webhook) bool { return string(w.ID) == d.Target })
	if at < 0 {
		return fmt.Errorf("the webhook was removed: %w", ErrForGood)
	}
	secret, err := p.Keys.For(hooks[at].context()).Open(hooks[at].Sealed)
	if err != nil {
		return fmt.Errorf("open the secret of webhook %s: %w", d.Target, err)
	}
	body, err := json.Marshal(p.told(a, d))
	if err != nil {
		return fmt.Errorf("write the message to webhook %s: %w", d.Target, err)
	}
	return p.Caller.Call(ctx, Hook{ID: d.ID, URL: hooks[at].URL, Secret: secret, Body: body, At: p.Now()})
}

// Told is what a webhook is sent.
type Told struct {
	ID    string    `json:"id"`
	Alert ToldAlert `json:"alert"`
}

// ToldAlert is the alert in it.
type ToldAlert struct {
	ID       ID        `json:"id"`
	Rule     RuleID    `json:"rule"`
	Severity Severity  `json:"severity"`
	Title    string    `json:"title"`
	Text     string    `json:"text"`
	RaisedAt time.Time `json:"raised_at"`
	Device   device.ID `json:"device_id,omitempty"`
	Class    string    `json:"class,omitempty"`
	Serial   string    `json:"serial,omitempty"`
	Command  string    `json:"command_id,omitempty"`
	Account  Account   `json:"account_id,omitempty"`
	URL      string    `json:"url,omitempty"`
}

func (p *Post) told(a Alert, d Delivery) Told {
	return Told{ID: d.ID, Alert: ToldAlert{ID: a.ID, Rule: a.Rule, Severity: a.Severity(), Title: a.Title(), Text: a.Text(), RaisedAt: a.RaisedAt,
		Device: a.Device, Class: string(a.Class), Serial: a.Facts["serial"], Command: a.Command, Account: a.Account, URL: p.link(a)}}
}

func (p *Post) link(a Alert) string {
	if p.AdminURL == "" {
		return ""
	}
	return p.AdminURL + "/alerts/" + string(a.ID)
}

// Letter is the mail about an alert: what happened, to which device or account,
// where to look. It names no place and no person but the account that it is
// about.
func (p *Post) Letter(a Alert, d Delivery) Mail {
	var c *translate.Catalogue
	if d.Language == "de" {
		c = translate.German
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n\n", c.Say(a.Title()), c.Say(a.Text()))
	line := func(what, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", c.Say(what), value)
		}
	}
	if a.Device != "" {
		line("Device", strings.TrimSuffix(c.Say(a.Class.Words())+", "+a.Facts["serial"], ", "))
	}
	line("Account", a.Facts["username"])
	line("When", a.RaisedAt.UTC().Format("2006-01-02 15:04:05 UTC"))
	line("Look here", p.link(a))
	b.WriteString("\n" + c.Say("This mail was sent by Wardline. Nobody reads answers to it.") + "\n")
	mark := ""
	if a.Severity() == Critical {
		mark = "!"
	}
	return Mail{ID: d.ID, To: d.Target, Subject: "[Wardline" + mark + "] " + c.Say(a.Title()), Text: b.String()}
}

var codeNoMail = fault.Define(fault.Refused, "no_mail_server",
	"Start the server with --mail-server and --mail-from: see the operators' guide.")

// Test sends a test to a mail address or a webhook. It goes the way that every
// message goes: what became of it stands with the alert that it makes.
func (p *Post) Test(ctx context.Context, actor audit.Actor, to Delivery) (ID, error) {
	switch to.Channel {
	case ByMail:
		if p.Mailer == nil {
			return "", codeNoMail.New("No mail server is configured, so no mail is sent.")
		}
		if !ValidAddress(to.Target) {
			return "", fault.CodeInvalid.New("There is nobody to send the test to.").WithField("address", "is not a mail address")
		}
	case ByWebhook:
		hooks, err := p.Storage.Webhooks(ctx)
		if err != nil {
			return "", err
		}
		if !slices.ContainsFunc(hooks, func(w Webhook) bool { return string(w.ID) == to.Target }) {
			return "", fault.CodeNotFound.New("There is no such webhook.")
		}
	}
	to.ID, to.State = p.NewID(), Waiting
	id, err := p.Storage.AddDeliveries(ctx, actor, Raise{Rule: RuleTest, Key: "test:" + to.ID, Facts: map[string]string{}}, []Delivery{to})
	if err == nil {
		p.Nudge()
	}
	return id, err
}
