package api

import (
	"context"
	"net/http"
	"slices"

	"wardline/audit"
	"wardline/auth"
	"wardline/commands"
	"wardline/device"
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
