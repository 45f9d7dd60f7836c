package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"wardline/audit"
	"wardline/auth"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/inventory"
)

func (a *API) registerLosses() {
	register(a, operation{id: "report_lost", method: http.MethodPost, path: "/devices/{id}/report-lost", tag: "losses",
		summary: "Report a device lost: it is locked at once, shows a text, is located and rung",
		about: "What the device cannot do is said in steps and does not stand in the way of the rest. A stolen thing that people carry " +
			"is also cut from the network: at once when the reporter may do that and sends a step-up, otherwise when a second person agrees. " +
			"Reported again, it asks anew for what is not open."},
		mayFresh(auth.DevicesReportLost), a.reportLost)
	register(a, operation{id: "report_found", method: http.MethodPost, path: "/devices/{id}/found", tag: "losses",
		summary: "A lost device was found again: lock and lost mode end",
		about: "What the report asked for and the device has not received is withdrawn. A containment stays until it is taken back, " +
			"and an open wipe until it is cancelled."},
		mayFresh(auth.DevicesReportLost), a.reportFound)
	register(a, operation{id: "begin_own_loss", method: http.MethodPost, path: "/auth/lost", tag: "losses",
		summary: "Sign in with the password alone, to report one's own device lost",
		about: "The session is good for 10 minutes, for list_own_devices and for reporting one of them; for nothing else. " +
			"Also on the public listener."}, anyoneOutside, a.beginOwnLoss)
	register(a, operation{id: "list_own_devices", method: http.MethodGet, path: "/self/devices", tag: "losses",
		summary: "The devices that carry my user name",
		about:   "With a session of POST /auth/lost, or of self-service. Also on the public listener."}, maySelf(auth.SelfReportLost), a.ownDevices)
	register(a, operation{id: "report_own_lost", method: http.MethodPost, path: "/self/devices/{id}/report-lost", tag: "losses",
		summary: "Report my own device lost",
		about:   "A session of POST /auth/lost is good for one device. Also on the public listener."}, maySelf(auth.SelfReportLost), a.reportOwnLost)
}

// LossInput is a report of a loss.
type LossInput struct {
	Stolen  bool   `json:"stolen,omitempty" doc:"It was taken, and not mislaid."`
	Message string `json:"message,omitempty" maxLength:"240" doc:"What whoever finds it reads; default: that it is lost and belongs to the hospital."`
	Phone   string `json:"phone_number,omitempty" maxLength:"32" doc:"The number that a finder calls."`
}

type reportLostInput struct {
	DeviceInput
	IdempotentInput
	StepUpInput
	Body struct {
		LossInput
		Reason string `json:"reason" minLength:"3" maxLength:"500" doc:"What happened; it stands in the record, and on the loss report."`
	}
}

// LossStepView is one thing that the report asked for.
type LossStepView struct {
	Kind      device.Kind    `json:"kind"`
	Words     string         `json:"words" speak:"words" doc:"The kind, for people."`
	CommandID commands.ID    `json:"command_id" doc:"Empty when it cannot be asked."`
	State     commands.State `json:"state" doc:"Empty when it cannot be asked."`
	Why       string         `json:"why" speak:"words" doc:"Why it has not happened yet, how it ended, or why it cannot be asked."`
}

// LossView is a device that was reported lost, and what became of the report.
type LossView struct {
	Device DeviceView     `json:"device"`
	Steps  []LossStepView `json:"steps"`
}

func (a *API) reportLost(ctx context.Context, in *reportLostInput) (*output[LossView], error) {
	item, err := a.reachDevice(ctx, in.ID, auth.DevicesReportLost)
	if err != nil {
		return nil, err
	}
	p, r := principalOf(ctx), in.Body.report(item.Device.ID, in.Body.Reason)
	var steps []commands.LossStep
	_, err = a.carryOut(ctx, func(effect context.Context) (string, error) {
		who := p
		if r.Stolen && in.StepUp != "" && auth.AuthoriseKind(p, device.KindContain, device.SubkindNone, targetOf(item)) == nil {
			// The step-up is another write than the effect. Without one the report is
			// taken in all the same.
			if who, err = a.requireStepUp(ctx, in.StepUp, stepUpWanted{device: item.Device.ID, kind: device.KindContain, reason: r.Reason, summary: summaryOf(item)}); err != nil {
				return "", err
			}
			r.MayContain = who.SteppedUp
		}
		steps, err = a.commands.ReportLost(effect, who.Actor(), r)
		return "device:" + in.ID, err
	})
	if err != nil {
		return nil, err
	}
	if item, err = a.inventory.Get(ctx, item.Device.ID); err != nil {
		return nil, err
	}
	views, err := a.lossSteps(ctx, item, steps)
	return &output[LossView]{Body: LossView{Device: deviceView(item), Steps: views}}, err
}

func (in LossInput) report(id device.ID, reason string) commands.LossReport {
	return commands.LossReport{Device: id, Reason: reason, Stolen: in.Stolen, Message: in.Message, Phone: in.Phone}
}

// lossSteps shows what a report asked for as it stands now. A report that was
// repeated has no steps of its own: then it is what was asked since the loss.
func (a *API) lossSteps(ctx context.Context, item inventory.Item, steps []commands.LossStep) ([]LossStepView, error) {
	lost, _ := item.Device.HoldOf(device.HoldLost)
	page, err := a.commands.List(ctx, commands.Query{Device: item.Device.ID, Limit: 100})
	if err != nil {
		return nil, err
	}
	newest := map[device.Kind]commands.Command{}
	for _, c := range slices.Backward(page.Items) {
		if !c.CreatedAt.Before(lost.Since) || !c.State.Ended() {
			newest[c.Kind] = c
		}
	}
	var views []LossStepView
	seen := map[device.Kind]bool{}
	for _, s := range steps {
		seen[s.Kind] = true
		if s.Refused != nil {
			views = append(views, LossStepView{Kind: s.Kind, Words: s.Kind.Words(), Why: s.Refused.Detail})
		} else if c, ok := newest[s.Kind]; ok {
			views = append(views, lossStepView(c))
		}
	}
	for _, kind := range commands.LossKinds() {
		if c, ok := newest[kind]; ok && !seen[kind] {
			views = append(views, lossStepView(c))
		}
	}
	return views, nil
}

func lossStepView(c commands.Command) LossStepView {
	return LossStepView{Kind: c.Kind, Words: c.Kind.Words(), CommandID: c.ID, State: c.State, Why: c.WhyWaiting}
}

type foundInput struct {
	DeviceInput
	IdempotentInput
	Body struct {
		Reason string `json:"reason" minLength:"3" maxLength:"500" doc:"Who found it, and where."`
	}
}

func (a *API) reportFound(ctx context.Context, in *foundInput) (*versioned[DeviceView], error) {
	item, err := a.reachDevice(ctx, in.ID, auth.DevicesReportLost)
	if err != nil {
		return nil, err
	}
	if err := mayEndLoss(principalOf(ctx), item); err != nil {
		return nil, err
	}
	return a.changeHold(ctx, in.ID, auth.DevicesReportLost, func(ctx context.Context, actor audit.Actor, id device.ID) error {
		return a.commands.Found(ctx, actor, id, in.Body.Reason)
	})
}

// mayEndLoss: a thing that people carry comes back into use by whoever may report
// it lost and unlock it; on medical equipment the role that the hold names
// decides.
func mayEndLoss(p auth.Principal, item inventory.Item) error {
	if item.Device.Class.IsPersonal() {
		return auth.AuthoriseKind(p, device.KindUnlock, device.SubkindNone, targetOf(item))
	}
	by := device.MayLift(device.HoldLost, item.Device.Class)
	if !p.Has(auth.Role(by)) {
		return inventory.CodeMayNotLift.New("This hold may be lifted by the role %s only.", by)
	}
	return nil
}

type beginOwnLossInput struct {
	Body struct {
		Username string `json:"username" minLength:"1" maxLength:"200"`
		Password string `json:"password" minLength:"1" maxLength:"1024"`
	}
}

func (a *API) beginOwnLoss(ctx context.Context, in *beginOwnLossInput) (*output[TokenAnswer], error) {
	client := clientOf(ctx)
	g, err := a.auth.LoginForLoss(ctx, auth.Login{Username: in.Body.Username, Password: in.Body.Password,
		Remote: client.remote, UserAgent: client.agent, Via: "self-service"})
	if err != nil {
		return nil, err
	}
	return &output[TokenAnswer]{Body: TokenAnswer{AccessToken: g.AccessToken, ExpiresIn: int(g.ExpiresIn / time.Second)}}, nil
}

// OwnDeviceView is one's own device, as far as a password alone shows it.
type OwnDeviceView struct {
	ID         device.ID    `json:"id"`
	Class      device.Class `json:"class"`
	ClassWords string       `json:"class_words" speak:"words"`
	Model      string       `json:"model" doc:"Maker and name."`
	Serial     string       `json:"serial"`
	AssetTag   string       `json:"asset_tag"`
	Lost       bool         `json:"lost" doc:"It is reported lost."`
	LostSince  *time.Time   `json:"lost_since" nullable:"true"`
	Stolen     bool         `json:"stolen"`
	Locked     bool         `json:"locked" doc:"As it last reported."`
	LastSeenAt *time.Time   `json:"last_seen_at" nullable:"true"`
}

func ownDeviceView(i inventory.Item) OwnDeviceView {
	d := i.Device
	v := OwnDeviceView{ID: d.ID, Class: d.Class, ClassWords: d.Class.Words(), Model: modelName(i.Model), Serial: d.Serial, AssetTag: d.AssetTag,
		Locked: d.Report.Locked, LastSeenAt: timeOrNil(d.Report.ReceivedAt)}
	if lost, ok := d.HoldOf(device.HoldLost); ok {
		v.Lost, v.Stolen, v.LostSince = true, lost.Stolen, timeOrNil(lost.Since)
	}
	return v
}

func modelName(m device.Model) string {
	if m.Maker == "" {
		return m.Name
	}
	return m.Maker + " " + m.Name
}

// mostOwn is how many devices one person is shown as their own.
const mostOwn = 50

func (a *API) ownDevices(ctx context.Context, _ *struct{}) (*pageOutput[OwnDeviceView], error) {
	page, err := a.inventory.Find(ctx, inventory.Query{Limit: mostOwn, Filters: inventory.Filters{Owner: principalOf(ctx).Username, Current: true}})
	if err != nil {
		return nil, err
	}
	views := []OwnDeviceView{}
	for _, i := range page.Items {
		if isOwn(principalOf(ctx), i) {
			views = append(views, ownDeviceView(i))
		}
	}
	return whole(views), nil
}

// isOwn: it carries this person's user name, and is something that people carry.
func isOwn(p auth.Principal, i inventory.Item) bool {
	own := auth.Reach{Parts: []auth.Part{{Owner: p.Username}}}
	return p.Username != "" && i.Device.Class.IsPersonal() && own.Covers(targetOf(i)) &&
		auth.Authorise(p, auth.SelfReportLost, targetOf(i)) == nil
}

type ownLossInput struct {
	DeviceInput
	IdempotentInput
	Body struct {
		LossInput
		Reason string `json:"reason,omitempty" maxLength:"500" doc:"What happened; may be left out."`
	}
}

// OwnLossView is one's own lost device, and what became of the report.
type OwnLossView struct {
	Device OwnDeviceView  `json:"device"`
	Steps  []LossStepView `json:"steps"`
}

func (a *API) reportOwnLost(ctx context.Context, in *ownLossInput) (*output[OwnLossView], error) {
	p := principalOf(ctx)
	id, err := device.ParseID(in.ID)
	if err != nil {
		return nil, errNoDevice()
	}
	item, err := a.inventory.Get(ctx, id)
	if fault.Has(err, fault.CodeNotFound) || (err == nil && !isOwn(p, item)) {
		return nil, errNoDevice()
	}
	if err != nil {
		return nil, err
	}
	r := in.Body.report(id, in.Body.Reason)
	r.Own = true
	if r.Reason == "" {
		r.Reason = "Reported by its holder."
	}
	var steps []commands.LossStep
	_, err = a.carryOut(ctx, func(effect context.Context) (string, error) {
		if err := a.auth.ActOnce(ctx, p, id); err != nil {
			return "", err
		}
		steps, err = a.commands.ReportLost(effect, p.Actor(), r)
		return "device:" + in.ID, err
	})
	if err != nil {
		return nil, err
	}
	if item, err = a.inventory.Get(ctx, id); err != nil {
		return nil, err
	}
	views, err := a.lossSteps(ctx, item, steps)
	for i := range views {
		views[i].CommandID = "" // nothing else can be done with it here
	}
	return &output[OwnLossView]{Body: OwnLossView{Device: ownDeviceView(item), Steps: views}}, err
}
