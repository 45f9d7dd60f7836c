package api

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"wardline/alert"
	"wardline/auth"
	"wardline/device"
	"wardline/internal/fault"
)

func errNoAlert() error { return fault.CodeNotFound.New("There is no such alert.") }

func (a *API) registerAlertRules() {
	register(a, operation{id: "get_alert_rules", method: http.MethodGet, path: "/alert-rules", tag: "alerts",
		summary: "The rules, who hears what, and changes that wait for a second person"}, may(auth.SettingsRead), a.getAlertRules)
	register(a, operation{id: "change_alert_rule", method: http.MethodPatch, path: "/alert-rules", tag: "alerts",
		summary: "Change how one rule is set",
		about:   "What lets people hear more holds at once. What lets them hear less (off, a laxer number, a recipient less) takes a second person."},
		mayFresh(auth.SettingsManage), a.changeAlertRule)
	register(a, operation{id: "approve_alert_change", method: http.MethodPost, path: "/alert-rules/changes/{id}/approve", tag: "alerts",
		summary: "Agree, as a second person, to a change of a rule"}, mayFresh(auth.SettingsApprove), a.approveAlertChange)
	register(a, operation{id: "withdraw_alert_change", method: http.MethodPost, path: "/alert-rules/changes/{id}/withdraw", tag: "alerts",
		summary: "Withdraw, or deny, a change of a rule that waits"}, mayFresh(auth.SettingsApprove), a.withdrawAlertChange)
	register(a, operation{id: "add_webhook", method: http.MethodPost, path: "/webhooks", tag: "alerts", status: http.StatusCreated,
		summary: "Add a webhook; its secret is shown once",
		about:   "It is called once a rule names it. How a call is signed is in docs/api.md."}, mayFresh(auth.SettingsManage), a.addWebhook)
	register(a, operation{id: "remove_webhook", method: http.MethodDelete, path: "/webhooks/{id}", tag: "alerts", status: http.StatusNoContent,
		summary: "Remove a webhook that no rule sends to"}, mayFresh(auth.SettingsManage), a.removeWebhook)
	register(a, operation{id: "send_test_alert", method: http.MethodPost, path: "/alert-tests", tag: "alerts", status: http.StatusCreated,
		summary: "Send a test to a mail address or a webhook",
		about:   "It goes the way that every message goes; what became of it stands with the alert that is answered."},
		mayFresh(auth.SettingsManage), a.sendTestAlert)
	register(a, operation{id: "get_my_mail", method: http.MethodGet, path: "/auth/mail", tag: "people",
		summary: "Where I get mail"}, may(auth.SelfManage), a.getMyMail)
	register(a, operation{id: "set_my_mail", method: http.MethodPut, path: "/auth/mail", tag: "people",
		summary: "Say where I get mail, and in which language",
		about:   "An empty address: nowhere. The address before is told of the change."}, mayFresh(auth.SelfManage), a.setMyMail)
}

// AlertRulesView are the rules as they are set.
type AlertRulesView struct {
	MailServer bool              `json:"mail_server" doc:"Whether a mail server is configured; without one no mail is sent."`
	Backup     BackupView        `json:"backup"`
	Items      []AlertRuleView   `json:"items"`
	Changes    []AlertChangeView `json:"changes" doc:"Changes that wait for a second person."`
	Webhooks   []WebhookView     `json:"webhooks"`
}

// AlertRuleView is one rule and how it is set.
type AlertRuleView struct {
	Rule      alert.RuleID      `json:"rule"`
	Words     string            `json:"words" speak:"words"`
	Severity  alert.Severity    `json:"severity"`
	On        bool              `json:"on"`
	MayBeOff  bool              `json:"may_be_off"`
	Numbers   []AlertNumberView `json:"numbers"`
	Concerned *bool             `json:"concerned" doc:"Whether those whom it concerns in particular are told by mail; null: it concerns nobody in particular." nullable:"true"`
	Routes    []AlertRoute      `json:"routes"`
	UpdatedBy string            `json:"updated_by" doc:"Empty: as shipped."`
	UpdatedAt *time.Time        `json:"updated_at" nullable:"true"`
}

// AlertNumberView is one threshold of a rule.
type AlertNumberView struct {
	ID      string `json:"id" enum:"share,minutes,days,hours"`
	Unit    string `json:"unit" enum:"percent,minutes,days,hours"`
	Value   int    `json:"value"`
	Default int    `json:"default"`
	Least   int    `json:"least"`
	Most    int    `json:"most"`
}

// AlertRoute is one recipient of a rule: a role, a mail address, or a webhook.
type AlertRoute struct {
	Role     auth.Role       `json:"role,omitempty" doc:"Everybody who holds it and has given a mail address."`
	Address  string          `json:"address,omitempty" maxLength:"254"`
	Webhook  alert.WebhookID `json:"webhook_id,omitempty" maxLength:"64"`
	Site     device.PlaceID  `json:"site_id,omitempty" maxLength:"64" doc:"Only what happens there; left out: everywhere."`
	Language string          `json:"language,omitempty" enum:"en,de" doc:"Of a mail address."`
}

// AlertChangeView is a change of a rule that waits for a second person.
type AlertChangeView struct {
	ID         string         `json:"id"`
	Rule       alert.RuleID   `json:"rule"`
	On         bool           `json:"on"`
	Numbers    map[string]int `json:"numbers"`
	Concerned  bool           `json:"concerned"`
	Routes     []AlertRoute   `json:"routes"`
	Reason     string         `json:"reason"`
	AskedBy    string         `json:"asked_by"`
	AskerID    string         `json:"asker_id"`
	AskedAt    time.Time      `json:"asked_at"`
	MayApprove bool           `json:"may_approve" doc:"Whether I may be the second person."`
}

// WebhookView is a webhook, without its secret.
type WebhookView struct {
	ID        alert.WebhookID `json:"id"`
	Name      string          `json:"name"`
	URL       string          `json:"url"`
	CreatedBy string          `json:"created_by"`
	CreatedAt time.Time       `json:"created_at"`
}

func routesView(routes []alert.Route) []AlertRoute {
	out := []AlertRoute{}
	for _, r := range routes {
		out = append(out, AlertRoute{Role: auth.Role(r.Role), Address: r.Address, Webhook: r.Webhook, Site: r.Site, Language: r.Language})
	}
	return out
}

func (a *API) getAlertRules(ctx context.Context, _ *struct{}) (*output[AlertRulesView], error) {
	settings, changes, err := a.alerts.Settings(ctx)
	if err != nil {
		return nil, err
	}
	hooks, err := a.alerts.Webhooks(ctx)
	if err != nil {
		return nil, err
	}
	backup, err := a.lastBackup(ctx)
	if err != nil {
		return nil, err
	}
	v := AlertRulesView{MailServer: a.post != nil && a.post.HasMail(), Backup: backup.Body}
	for _, s := range settings {
		v.Items = append(v.Items, alertRuleView(s))
	}
	p := principalOf(ctx)
	for _, c := range changes {
		v.Changes = append(v.Changes, AlertChangeView{ID: c.ID, Rule: c.Next.Rule, On: c.Next.On, Numbers: c.Next.Numbers, Concerned: c.Next.Concerned,
			Routes: routesView(c.Next.Routes), Reason: c.Reason, AskedBy: actorWords(c.AskedBy), AskerID: c.AskedBy.ID, AskedAt: c.AskedAt,
			MayApprove: auth.AuthoriseSecond(p, auth.SettingsManage, auth.Anywhere, askerOf(c.AskedBy)) == nil})
	}
	for _, w := range hooks {
		shown := webhookView(w)
		if !auth.Can(p, auth.SettingsManage) && !auth.Can(p, auth.SettingsApprove) {
			shown.URL = w.Host() // the path of many webhooks is as good as a password
		}
		v.Webhooks = append(v.Webhooks, shown)
	}
	return &output[AlertRulesView]{Body: v}, nil
}

func alertRuleView(s alert.Setting) AlertRuleView {
	rule, _ := alert.RuleOf(s.Rule)
	v := AlertRuleView{Rule: s.Rule, Words: rule.Words, Severity: rule.Severity, On: s.On, MayBeOff: !rule.Always,
		Routes: routesView(s.Routes), UpdatedAt: timeOrNil(s.UpdatedAt)}
	if rule.Concerned {
		v.Concerned = &s.Concerned
	}
	for _, n := range rule.Numbers {
		v.Numbers = append(v.Numbers, AlertNumberView{ID: n.ID, Unit: n.Unit, Value: s.Numbers[n.ID], Default: n.Default, Least: n.Least, Most: n.Most})
	}
	if !s.UpdatedAt.IsZero() {
		v.UpdatedBy = actorWords(s.UpdatedBy)
	}
	return v
}

func webhookView(w alert.Webhook) WebhookView {
	return WebhookView{ID: w.ID, Name: w.Name, URL: w.URL, CreatedBy: actorWords(w.CreatedBy), CreatedAt: w.CreatedAt}
}

type changeAlertRuleInput struct {
	IdempotentInput
	Body struct {
		Rule      alert.RuleID   `json:"rule"`
		On        *bool          `json:"on,omitempty"`
		Numbers   map[string]int `json:"numbers,omitempty" doc:"By the number's id; those left out stay."`
		Concerned *bool          `json:"concerned,omitempty"`
		Routes    *[]AlertRoute  `json:"routes,omitempty" doc:"All recipients; left out: they stay."`
		Reason    string         `json:"reason" minLength:"3" maxLength:"500"`
	}
}

func (a *API) changeAlertRule(ctx context.Context, in *changeAlertRuleInput) (*output[AlertRulesView], error) {
	settings, _, err := a.alerts.Settings(ctx)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(settings, func(s alert.Setting) bool { return s.Rule == in.Body.Rule })
	if at < 0 {
		return nil, fault.CodeInvalid.New("There is no such rule.").WithField("rule", "there is no such rule")
	}
	next := settings[at]
	next.Numbers = maps.Clone(next.Numbers)
	maps.Copy(next.Numbers, in.Body.Numbers)
	if in.Body.On != nil {
		next.On = *in.Body.On
	}
	if in.Body.Concerned != nil {
		next.Concerned = *in.Body.Concerned
	}
	if in.Body.Routes != nil {
		next.Routes = nil
		for _, r := range *in.Body.Routes {
			next.Routes = append(next.Routes, alert.Route{Role: string(r.Role), Address: r.Address, Webhook: r.Webhook, Site: r.Site, Language: r.Language})
		}
	}
	_, err = a.carryOut(ctx, func(ctx context.Context) (string, error) {
		_, err := a.alerts.Change(ctx, principalOf(ctx).Actor(), next, in.Body.Reason)
		return "alert_rule:" + string(next.Rule), err
	})
	if err != nil {
		return nil, err
	}
	return a.getAlertRules(ctx, nil)
}

// AlertChangeInput names a change of a rule.
type AlertChangeInput struct {
	ID string `path:"id" maxLength:"64" doc:"Id of the change."`
}

type decideAlertChangeInput struct {
	AlertChangeInput
	IdempotentInput
}

func (a *API) approveAlertChange(ctx context.Context, in *decideAlertChangeInput) (*output[AlertRulesView], error) {
	_, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		_, changes, err := a.alerts.Settings(ctx)
		if err != nil {
			return "", err
		}
		p := principalOf(ctx)
		for _, c := range changes {
			if c.ID != in.ID {
				continue
			}
			if err := auth.AuthoriseSecond(p, auth.SettingsManage, auth.Anywhere, askerOf(c.AskedBy)); err != nil {
				return "", err
			}
			if err := a.auth.AnotherPerson(ctx, p, askerOf(c.AskedBy)); err != nil {
				return "", err
			}
			return "alert_change:" + in.ID, a.alerts.Agree(ctx, p.Actor(), in.ID)
		}
		return "", fault.CodeNotFound.New("There is no such change of a rule.")
	})
	if err != nil {
		return nil, err
	}
	return a.getAlertRules(ctx, nil)
}

func (a *API) withdrawAlertChange(ctx context.Context, in *decideAlertChangeInput) (*output[AlertRulesView], error) {
	_, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		return "alert_change:" + in.ID, a.alerts.Withdraw(ctx, principalOf(ctx).Actor(), in.ID)
	})
	if err != nil {
		return nil, err
	}
	return a.getAlertRules(ctx, nil)
}

type addWebhookInput struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"100"`
		URL  string `json:"url" minLength:"8" maxLength:"1000" doc:"https only."`
	}
}

// NewWebhook is a webhook with its secret, which is shown once.
type NewWebhook struct {
	WebhookView
	Secret string `json:"secret"`
}

// addWebhook takes no key: the secret could not be shown a second time.
func (a *API) addWebhook(ctx context.Context, in *addWebhookInput) (*output[NewWebhook], error) {
	w, secret, err := a.alerts.AddWebhook(ctx, principalOf(ctx).Actor(), in.Body.Name, in.Body.URL)
	if err != nil {
		return nil, err
	}
	w.CreatedAt = a.now().UTC()
	return &output[NewWebhook]{Body: NewWebhook{WebhookView: webhookView(w), Secret: secret}}, nil
}

// WebhookInput names a webhook.
type WebhookInput struct {
	ID alert.WebhookID `path:"id" maxLength:"64" doc:"Id of the webhook."`
}

type removeWebhookInput struct {
	WebhookInput
	IdempotentInput
}

func (a *API) removeWebhook(ctx context.Context, in *removeWebhookInput) (*empty, error) {
	_, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		return "webhook:" + string(in.ID), a.alerts.RemoveWebhook(ctx, principalOf(ctx).Actor(), in.ID)
	})
	return &empty{}, err
}

type sendTestInput struct {
	IdempotentInput
	Body struct {
		Address  string          `json:"address,omitempty" maxLength:"254"`
		Language string          `json:"language,omitempty" enum:"en,de"`
		Webhook  alert.WebhookID `json:"webhook_id,omitempty" maxLength:"64"`
	}
}

func (a *API) sendTestAlert(ctx context.Context, in *sendTestInput) (*output[AlertView], error) {
	to := alert.Delivery{Channel: alert.ByMail, Target: in.Body.Address, Language: in.Body.Language}
	if in.Body.Webhook != "" {
		to = alert.Delivery{Channel: alert.ByWebhook, Target: string(in.Body.Webhook)}
	}
	id, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		id, err := a.post.Test(ctx, principalOf(ctx).Actor(), to)
		return "alert:" + string(id), err
	})
	if err != nil {
		return nil, err
	}
	return a.showAlert(ctx, alert.ID(id))
}

// MailView is where somebody gets mail.
type MailView struct {
	Address    string `json:"address" doc:"Empty: nowhere."`
	Language   string `json:"language" enum:"en,de"`
	MailServer bool   `json:"mail_server" doc:"Whether a mail server is configured; without one no mail is sent."`
}

func (a *API) getMyMail(ctx context.Context, _ *struct{}) (*output[MailView], error) {
	r, err := a.alerts.Address(ctx, alert.Account(principalOf(ctx).Account))
	if err != nil {
		return nil, err
	}
	return &output[MailView]{Body: MailView{Address: r.Address, Language: r.Language, MailServer: a.post != nil && a.post.HasMail()}}, nil
}

type setMyMailInput struct {
	IdempotentInput
	Body struct {
		Address  string `json:"address" maxLength:"254"`
		Language string `json:"language" enum:"en,de"`
	}
}

func (a *API) setMyMail(ctx context.Context, in *setMyMailInput) (*output[MailView], error) {
	p := principalOf(ctx)
	_, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		return "account:" + string(p.Account), a.alerts.SetAddress(ctx, p.Actor(), alert.Account(p.Account), in.Body.Address, in.Body.Language)
	})
	if err != nil {
		return nil, err
	}
	return a.getMyMail(ctx, nil)
}
