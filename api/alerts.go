package api

import (
	"context"
	"net/http"
	"time"

	"wardline/alert"
	"wardline/auth"
	"wardline/device"
)

func (a *API) registerAlerts() {
	register(a, operation{id: "list_alerts", method: http.MethodGet, path: "/alerts", tag: "alerts",
		summary: "What people must hear of: open alerts first, then newest first",
		about:   "Alerts about devices are shown to who sees the device, those about accounts to who sees accounts, the others to who reads settings."},
		may(auth.AlertsRead), a.listAlerts)
	register(a, operation{id: "get_alert", method: http.MethodGet, path: "/alerts/{id}", tag: "alerts",
		summary: "One alert, with who was told of it"}, may(auth.AlertsRead), a.getAlert)
	register(a, operation{id: "acknowledge_alert", method: http.MethodPost, path: "/alerts/{id}/acknowledge", tag: "alerts",
		summary: "Say that I have taken note of an alert"}, mayFresh(auth.AlertsAcknowledge), a.acknowledgeAlert)
	register(a, operation{id: "report_backup", method: http.MethodPost, path: "/backups", tag: "alerts", status: http.StatusCreated,
		summary: "Say that a backup was made",
		about:   "For the program that makes them, with an API token. An alert is raised when none was reported for too long."},
		may(auth.BackupsReport), a.reportBackup)
	a.registerAlertRules()
}

// AlertView is an alert as the API shows it.
type AlertView struct {
	ID       alert.ID       `json:"id"`
	Rule     alert.RuleID   `json:"rule"`
	Severity alert.Severity `json:"severity"`
	Title    string         `json:"title" speak:"words"`
	Text     string         `json:"text" speak:"words"`
	Open     bool           `json:"open" doc:"Somebody has to take note of it."`
	RaisedAt time.Time      `json:"raised_at"`
	Times    int            `json:"times" doc:"How often it happened while it was active."`
	LastAt   time.Time      `json:"last_at"`
	Device   device.ID      `json:"device_id"`
	Class    device.Class   `json:"class"`
	Serial   string         `json:"serial"`
	Command  string         `json:"command_id"`
	Account  alert.Account  `json:"account_id"`
	Username string         `json:"username"`
	Subject  string         `json:"subject" doc:"What else it is about, such as freeze:<id>."`
	Place    device.PlaceID `json:"place_id"`
	Where    string         `json:"place" doc:"Name of the place."`

	AcknowledgedAt *time.Time `json:"acknowledged_at" nullable:"true"`
	AcknowledgedBy string     `json:"acknowledged_by"`
	Note           string     `json:"note"`
	ClearedAt      *time.Time `json:"cleared_at" doc:"When it was over by itself." nullable:"true"`
	MayAcknowledge bool       `json:"may_acknowledge"`

	Messages []AlertMessageView `json:"messages" doc:"Who is told by mail or webhook; in lists it is empty."`
}

// AlertMessageView is one message about an alert.
type AlertMessageView struct {
	Channel  alert.Channel       `json:"channel"`
	To       string              `json:"to" doc:"A mail address, or the webhook's name."`
	State    alert.DeliveryState `json:"state"`
	Attempts int                 `json:"attempts"`
	NextAt   *time.Time          `json:"next_attempt_at" nullable:"true"`
	EndedAt  *time.Time          `json:"ended_at" nullable:"true"`
	Error    string              `json:"last_error" speak:"sentence"`
}

// alertScope is what p sees of the alerts.
func alertScope(p auth.Principal) alert.Scope {
	s := alert.Scope{People: auth.Can(p, auth.AccountsRead), Server: auth.Can(p, auth.SettingsRead)}
	reach, ok := auth.ReachOf(p, auth.DevicesRead)
	if !ok {
		return s
	}
	s.Devices = true
	for _, l := range reach.Limits {
		s.Sites = narrowed(s.Sites, l.Sites)
		s.Classes = narrowed(s.Classes, l.Classes)
	}
	return s
}

// narrowed is what lies in both lists; an empty list does not limit.
func narrowed[T comparable](a, b []T) []T {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	var nothing T
	out := []T{}
	for _, x := range a {
		for _, y := range b {
			if x == y {
				out = append(out, x)
			}
		}
	}
	if len(out) == 0 {
		return []T{nothing} // nothing lies in both
	}
	return out
}

func sees(s alert.Scope, a alert.Alert) bool {
	within := func() bool {
		return s.Devices && (len(s.Sites) == 0 || contains(s.Sites, a.Site)) && (len(s.Classes) == 0 || a.Class == "" || contains(s.Classes, a.Class))
	}
	switch {
	case a.Device != "":
		return within()
	case a.Account != "":
		return s.People
	case a.Place != "":
		return within()
	}
	return s.Server
}

func contains[T comparable](list []T, x T) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}

type listAlertsInput struct {
	PageInput
	State    alert.State    `query:"state" doc:"Left out: all."`
	Severity alert.Severity `query:"severity"`
	Rule     alert.RuleID   `query:"rule"`
	Device   string         `query:"device_id" maxLength:"64"`
}

func (a *API) listAlerts(ctx context.Context, in *listAlertsInput) (*pageOutput[AlertView], error) {
	p := principalOf(ctx)
	page, err := a.alerts.Alerts(ctx, alert.Query{Scope: alertScope(p), State: in.State, Severity: in.Severity, Rule: in.Rule,
		Device: device.ID(in.Device), After: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &pageOutput[AlertView]{Body: Page[AlertView]{NextCursor: page.Next, Total: page.Total}}
	for _, one := range page.Alerts {
		v, err := a.alertView(ctx, one)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, v)
	}
	return out, nil
}

func (a *API) alertView(ctx context.Context, one alert.Alert) (AlertView, error) {
	v := AlertView{ID: one.ID, Rule: one.Rule, Severity: one.Severity(), Title: one.Title(), Text: one.Text(), Open: one.Open(),
		RaisedAt: one.RaisedAt, Times: one.Times, LastAt: one.LastAt, Device: one.Device, Class: one.Class, Serial: one.Facts["serial"],
		Command: one.Command, Account: one.Account, Username: one.Facts["username"], Subject: one.Subject, Place: one.Place,
		AcknowledgedAt: timeOrNil(one.AcknowledgedAt), Note: one.Note, ClearedAt: timeOrNil(one.ClearedAt),
		MayAcknowledge: one.Open() && auth.Can(principalOf(ctx), auth.AlertsAcknowledge)}
	if !one.AcknowledgedAt.IsZero() {
		v.AcknowledgedBy = actorWords(one.AcknowledgedBy)
	}
	if one.Place != "" {
		tree, err := a.inventory.Tree(ctx)
		if err != nil {
			return v, err
		}
		if place, known := tree.Place(one.Place); known {
			v.Where = place.Name
		}
	}
	return v, nil
}

// AlertInput names an alert.
type AlertInput struct {
	ID alert.ID `path:"id" maxLength:"64" doc:"Id of the alert."`
}

func (a *API) getAlert(ctx context.Context, in *AlertInput) (*output[AlertView], error) {
	return a.showAlert(ctx, in.ID)
}

func (a *API) showAlert(ctx context.Context, id alert.ID) (*output[AlertView], error) {
	one, deliveries, err := a.alerts.Alert(ctx, id)
	if err != nil {
		return nil, err
	}
	if !sees(alertScope(principalOf(ctx)), one) {
		return nil, errNoAlert()
	}
	v, err := a.alertView(ctx, one)
	if err != nil {
		return nil, err
	}
	hooks, err := a.alerts.Webhooks(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range deliveries {
		line := AlertMessageView{Channel: d.Channel, To: d.Target, State: d.State, Attempts: d.Attempts, EndedAt: timeOrNil(d.EndedAt), Error: d.LastError}
		if d.State == alert.Waiting {
			line.NextAt = timeOrNil(d.DueAt)
		}
		for _, w := range hooks {
			if string(w.ID) == d.Target {
				line.To = w.Name
			}
		}
		v.Messages = append(v.Messages, line)
	}
	return &output[AlertView]{Body: v}, nil
}

type acknowledgeInput struct {
	AlertInput
	IdempotentInput
	Body struct {
		Note string `json:"note,omitempty" maxLength:"500" doc:"What came of it."`
	}
}

func (a *API) acknowledgeAlert(ctx context.Context, in *acknowledgeInput) (*output[AlertView], error) {
	if _, err := a.showAlert(ctx, in.ID); err != nil {
		return nil, err
	}
	id, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		return "alert:" + string(in.ID), a.alerts.Acknowledge(ctx, principalOf(ctx).Actor(), in.ID, in.Body.Note)
	})
	if err != nil {
		return nil, err
	}
	return a.showAlert(ctx, alert.ID(id))
}

type reportBackupInput struct {
	IdempotentInput
	Body struct {
		What   string    `json:"what" minLength:"1" maxLength:"200" doc:"What was backed up, such as database and master key."`
		MadeAt time.Time `json:"made_at,omitempty" doc:"Left out: now."`
	}
}

func (a *API) reportBackup(ctx context.Context, in *reportBackupInput) (*output[BackupView], error) {
	_, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		return "backup:reported", a.alerts.ReportBackup(ctx, principalOf(ctx).Actor(), in.Body.What, in.Body.MadeAt)
	})
	if err != nil {
		return nil, err
	}
	return a.lastBackup(ctx)
}

// BackupView is the newest backup that was reported.
type BackupView struct {
	MadeAt     *time.Time `json:"made_at" doc:"Null: none was ever reported." nullable:"true"`
	What       string     `json:"what"`
	ReportedBy string     `json:"reported_by"`
}

func (a *API) lastBackup(ctx context.Context) (*output[BackupView], error) {
	b, ever, err := a.alerts.LastBackup(ctx)
	if err != nil || !ever {
		return &output[BackupView]{}, err
	}
	return &output[BackupView]{Body: BackupView{MadeAt: timeOrNil(b.MadeAt), What: b.What, ReportedBy: actorWords(b.ReportedBy)}}, nil
}
