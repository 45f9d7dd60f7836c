package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"wardline/auth"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/inventory"
)

func (a *API) registerOwnLosses() {
	register(a, operation{id: "report_own_lost", method: http.MethodPost, path: "/self/devices/{id}/report-lost", tag: "self-service",
		summary: "Report my own device lost",
		about:   "A session is good for one device, a person for five a day. On the public listener."}, maySelf(auth.SelfReportLost), a.reportOwnLost)
	register(a, operation{id: "report_lost_by_label", method: http.MethodPost, path: "/self/report-lost", tag: "self-service",
		summary: "Report a device lost by its label: my own, or a shared handheld of my ward",
		about:   "As report_own_lost. A label of anything else is answered like one that does not exist."}, maySelf(auth.SelfReportLost), a.reportLabelLost)
	register(a, operation{id: "get_own_loss", method: http.MethodGet, path: "/self/devices/{id}/loss", tag: "self-service",
		summary: "What has become of the report", about: "On the public listener."}, maySelf(auth.SelfReportLost), a.ownLoss)
	register(a, operation{id: "report_own_found", method: http.MethodPost, path: "/self/found", tag: "self-service",
		summary: "I have it in my hand again: lock and lost mode end",
		about: "With two factors, and the code that its lost screen shows. What has not been delivered is withdrawn, a wipe too; what has is " +
			"said in too_late. On the public listener."}, maySelf(auth.SelfDevices), a.reportOwnFound)
}

type ownLossInput struct {
	DeviceInput
	IdempotentInput
	Body OwnLossBody
}

// OwnLossBody is what one says of one's own loss.
type OwnLossBody struct {
	LossInput
	Reason string `json:"reason,omitempty" maxLength:"500" doc:"What happened; may be left out."`
}

// OwnLossView is one's own lost device, and what became of the report.
type OwnLossView struct {
	Device    OwnDeviceView  `json:"device"`
	Steps     []LossStepView `json:"steps"`
	HelpPhone string         `json:"help_phone" doc:"Whom to call."`
}

func (a *API) reportOwnLost(ctx context.Context, in *ownLossInput) (*output[OwnLossView], error) {
	item, err := a.ownByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return a.reportFromOutside(ctx, item, in.Body)
}

// LabelInput is what stands on a device.
type LabelInput struct {
	Label string `json:"label" minLength:"2" maxLength:"300" doc:"Asset tag or serial number, or the address in the label's QR code."`
}

type labelLossInput struct {
	IdempotentInput
	Body struct {
		LabelInput
		OwnLossBody
	}
}

func (a *API) reportLabelLost(ctx context.Context, in *labelLossInput) (*output[OwnLossView], error) {
	item, err := a.withinByLabel(ctx, in.Body.Label)
	if err != nil {
		return nil, err
	}
	return a.reportFromOutside(ctx, item, in.Body.OwnLossBody)
}

func (a *API) reportFromOutside(ctx context.Context, item inventory.Item, body OwnLossBody) (*output[OwnLossView], error) {
	p, id := principalOf(ctx), item.Device.ID
	r := body.report(id, strings.TrimSpace(body.Reason))
	r.Own = true
	if r.Reason == "" {
		r.Reason = "Reported from self-service."
	}
	if r.Phone == "" && a.settings != nil {
		r.Phone = a.settings().HelpPhone
	}
	var steps []commands.LossStep
	_, err := a.carryOut(ctx, func(effect context.Context) (string, error) {
		err := a.auth.ActOnce(ctx, p, id)
		if err != nil {
			return "", err
		}
		steps, err = a.commands.ReportLost(effect, p.Actor(), r)
		return "device:" + string(id), err
	})
	if err != nil {
		return nil, err
	}
	return a.lossFromOutside(ctx, id, steps)
}

// lossFromOutside shows a loss without what only the console could use.
func (a *API) lossFromOutside(ctx context.Context, id device.ID, steps []commands.LossStep) (*output[OwnLossView], error) {
	item, err := a.inventory.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	views, err := a.lossSteps(ctx, item, steps)
	if err != nil {
		return nil, err
	}
	for i := range views {
		views[i].CommandID = ""
	}
	out := OwnLossView{Device: ownDeviceView(item), Steps: views}
	if a.settings != nil {
		out.HelpPhone = a.settings().HelpPhone
	}
	return &output[OwnLossView]{Body: out}, nil
}

func (a *API) ownLoss(ctx context.Context, in *DeviceInput) (*output[OwnLossView], error) {
	parsed, err := device.ParseID(in.ID)
	if err != nil {
		return nil, errNoDevice()
	}
	item, err := a.inventory.Get(ctx, parsed)
	if fault.Has(err, fault.CodeNotFound) || (err == nil && (!isWithin(principalOf(ctx), item) || !item.Device.HasHold(device.HoldLost))) {
		return nil, errNoDevice()
	}
	if err != nil {
		return nil, err
	}
	return a.lossFromOutside(ctx, parsed, nil)
}

// withinByLabel finds what somebody may report by what stands on it.
func (a *API) withinByLabel(ctx context.Context, label string) (inventory.Item, error) {
	i, err := a.byLabel(ctx, label, func(i inventory.Item) bool { return isWithin(principalOf(ctx), i) })
	if fault.Has(err, fault.CodeNotFound) {
		err = fault.CodeNotFound.New("Nothing of yours, and no shared handheld of your ward, has this label.")
	}
	return i, err
}

// byLabel finds a device by what stands on it, or by the address in its code.
func (a *API) byLabel(ctx context.Context, label string, holds func(inventory.Item) bool) (inventory.Item, error) {
	label = strings.TrimSpace(label)
	if _, tag, scanned := strings.Cut(label, "/found/"); scanned {
		label = tag
	}
	for _, f := range []inventory.Filters{{AssetTag: label, Current: true}, {Serial: label, Current: true}} {
		page, err := a.inventory.Find(ctx, inventory.Query{Limit: mostOwn, Filters: f})
		if err != nil {
			return inventory.Item{}, err
		}
		for _, i := range page.Items {
			if holds(i) {
				return i, nil
			}
		}
	}
	return inventory.Item{}, fault.CodeNotFound.New("Nothing has this label.")
}

type ownFoundInput struct {
	IdempotentInput
	Body struct {
		LabelInput
		Code string `json:"code" minLength:"1" maxLength:"16" doc:"As the lost device's screen shows it."`
	}
}

// OwnFoundView is one's own device that was found.
type OwnFoundView struct {
	Device    OwnDeviceView  `json:"device"`
	Withdrawn []device.Kind  `json:"withdrawn" doc:"What was on its way beside the report and was taken back."`
	TooLate   []LossStepView `json:"too_late" doc:"What can no longer be taken back: the device has it."`
	Contained bool           `json:"contained" doc:"The network refuses it until somebody at the hospital takes that back."`
}

// undone are the orders that a find takes back beside those of the report itself.
var undone = []device.Kind{device.KindWipe, device.KindRemoveWorkData, device.KindClearPasscode}

func (a *API) reportOwnFound(ctx context.Context, in *ownFoundInput) (*output[OwnFoundView], error) {
	p := principalOf(ctx)
	item, err := a.withinByLabel(ctx, in.Body.Label)
	if err != nil {
		return nil, err
	}
	right, err := a.commands.ShowsCode(ctx, item.Device, in.Body.Code)
	if err == nil {
		// What is not lost is refused below; that is no wrong code.
		err = a.auth.InHand(ctx, p, right || !item.Device.HasHold(device.HoldLost))
	}
	if err != nil {
		return nil, err
	}
	const reason = "Its holder has it in hand again."
	var out OwnFoundView
	_, err = a.carryOut(ctx, func(effect context.Context) (string, error) {
		if err := a.commands.Found(effect, p.Actor(), item.Device.ID, reason); err != nil {
			return "", err
		}
		return "device:" + string(item.Device.ID), a.takeBack(ctx, item.Device, &out, reason)
	})
	if err != nil {
		return nil, err
	}
	if item, err = a.inventory.Get(ctx, item.Device.ID); err != nil {
		return nil, err
	}
	out.Device = ownDeviceView(item)
	out.Contained = item.Certificate != nil && item.Certificate.Status == "contained"
	return &output[OwnFoundView]{Body: out}, nil
}

// takeBack cancels what erases the device and has not left, and names what has.
func (a *API) takeBack(ctx context.Context, d device.Device, out *OwnFoundView, reason string) error {
	page, err := a.commands.List(ctx, commands.Query{Device: d.ID, Limit: 100})
	if err != nil {
		return err
	}
	lost, _ := d.HoldOf(device.HoldLost)
	for _, c := range page.Items {
		switch {
		case !slices.Contains(undone, c.Kind) || c.Enrollment != d.Enrollment:
		case c.State.Undelivered():
			if _, err := a.commands.Cancel(ctx, principalOf(ctx).Actor(), c.ID, reason); err != nil {
				return err
			}
			out.Withdrawn = append(out.Withdrawn, c.Kind)
		case !c.State.Ended() || (c.State == commands.StateSucceeded && !c.CreatedAt.Before(lost.Since)):
			step := lossStepView(c)
			step.CommandID = ""
			out.TooLate = append(out.TooLate, step)
		}
	}
	return nil
}
