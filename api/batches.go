package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"wardline/auth"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/inventory"
	"wardline/safety"
)

func (a *API) registerBatches() {
	register(a, operation{id: "request_batch", method: http.MethodPost, path: "/batches", tag: "commands", status: http.StatusCreated,
		limit: batchLimit, summary: "Ask many devices to do the same",
		about: "Each device is decided about by itself: those that are refused are named with the reason. Work that is not quiet goes out in rings."},
		mayFresh(auth.CommandsBatch), a.requestBatch)
	register(a, operation{id: "list_batches", method: http.MethodGet, path: "/batches", tag: "commands",
		summary: "Batches, newest first, with how far each has come",
		about:   "Who is limited to sites or classes sees the batches that touch them, counted within them."}, may(auth.CommandsRead), a.listBatches)
	register(a, operation{id: "get_batch", method: http.MethodGet, path: "/batches/{id}", tag: "commands",
		summary: "One batch, with the outcome of each device"}, may(auth.CommandsRead), a.getBatch)
	register(a, operation{id: "cancel_batch", method: http.MethodPost, path: "/batches/{id}/cancel", tag: "commands",
		summary: "Take back everything of a batch that no device has received"}, mayFresh(auth.CommandsCancel), a.cancelBatch)
	register(a, operation{id: "approve_batch", method: http.MethodPost, path: "/batches/{id}/approve", tag: "commands",
		summary: "Agree, as a second person, to all orders of a batch"}, mayFresh(auth.CommandsApprove), a.approveBatch)
	register(a, operation{id: "deny_batch", method: http.MethodPost, path: "/batches/{id}/deny", tag: "commands",
		summary: "Say no, as a second person, to everything of a batch that waits for one"}, mayFresh(auth.CommandsApprove), a.denyBatch)
}

// batchLimit leaves room for 5,000 ids.
const batchLimit = 512 << 10

// BatchRequest asks many devices to do the same.
type BatchRequest struct {
	Devices []device.ID `json:"devices" minItems:"1" maxItems:"5000" doc:"Ids of the devices."`
	CommandRequest
}

// BatchView is a batch as the API shows it.
type BatchView struct {
	ID          commands.BatchID `json:"id"`
	Kind        device.Kind      `json:"kind"`
	KindWords   string           `json:"kind_words" speak:"words"`
	Subkind     device.Subkind   `json:"subkind"`
	Reason      string           `json:"reason"`
	Ticket      string           `json:"ticket"`
	RequestedBy string           `json:"requested_by"`
	Weight      safety.Weight    `json:"weight"`
	CreatedAt   time.Time        `json:"created_at"`
	NotBefore   *time.Time       `json:"not_before" doc:"The first delivery; until then all of it can be taken back." nullable:"true"`
	Rings       int              `json:"rings"`
	OpenRing    int              `json:"open_ring" doc:"The newest ring that may go out."`
	StoppedAt   *time.Time       `json:"stopped_at" nullable:"true"`
	StopReason  string           `json:"stop_reason"`
	OrdersHash  string           `json:"orders_hash" doc:"Names all orders of the batch; an approver sends it back."`
	Counts      map[string]int   `json:"counts" doc:"How many devices are in which state; not_asked counts those that were refused when it was asked."`
	Items       []BatchItemView  `json:"items"`
}

// BatchItemView is the outcome for one device.
type BatchItemView struct {
	DeviceID  device.ID        `json:"device_id"`
	CommandID commands.ID      `json:"command_id" doc:"Empty: refused when it was asked; code and detail say why."`
	Ring      int              `json:"ring"`
	State     commands.State   `json:"state"`
	Outcome   commands.Outcome `json:"outcome"`
	Code      string           `json:"code"`
	Detail    string           `json:"detail" speak:"words"`
}

type requestBatchInput struct {
	IdempotentInput
	StepUpInput
	Body BatchRequest
}

func (a *API) requestBatch(ctx context.Context, in *requestBatchInput) (*output[BatchView], error) {
	p, b := principalOf(ctx), in.Body
	// Ids beyond this person's reach are answered like ids that do not exist, by
	// the batch itself; kinds beyond their right are refused before.
	summary, err := a.mayAskAll(ctx, p, b)
	if err != nil {
		return nil, err
	}
	id, err := a.carryOut(ctx, func(effect context.Context) (string, error) {
		wanted := stepUpWanted{batch: batchRef(b), kind: b.Kind, subkind: b.Subkind, reason: b.Reason, summary: summary}
		who, err := a.requireStepUp(ctx, in.StepUp, wanted)
		if err != nil {
			return "", err
		}
		made, err := a.commands.RequestBatch(effect, who.Actor(), commands.BatchAsk{Devices: b.Devices, Ask: b.ask("")})
		return "batch:" + string(made.ID), err
	})
	if err != nil {
		return nil, err
	}
	return a.showBatch(ctx, commands.BatchID(id))
}

// mayAskAll asks auth about each device of a batch, and says in a few words what
// they are.
func (a *API) mayAskAll(ctx context.Context, p auth.Principal, b BatchRequest) (summary string, err error) {
	wrong := fault.CodeNotFound.New("Some devices of the batch do not exist.")
	var named []string
	for _, id := range b.Devices {
		item, err := a.inventory.Get(ctx, id)
		if err != nil && !fault.Has(err, fault.CodeNotFound) {
			return "", err
		}
		if err != nil || auth.Authorise(p, auth.DevicesRead, targetOf(item)) != nil {
			wrong.WithField("devices", "%s does not exist", clip(string(id)))
			continue
		}
		if err := auth.AuthoriseKind(p, b.Kind, b.Subkind, targetOf(item)); err != nil {
			return "", err
		}
		if len(named) < 3 {
			named = append(named, summaryOf(item))
		}
	}
	if len(wrong.Fields) > 0 {
		return "", wrong
	}
	if more := len(b.Devices) - len(named); more > 0 {
		named = append(named, fmt.Sprintf("%d more", more))
	}
	return strings.Join(named, "; "), nil
}

// batchRef names what a batch asks for before it exists: a step-up for it is
// good for exactly these devices and this order.
func batchRef(b BatchRequest) string {
	devices := slices.Clone(b.Devices)
	slices.Sort(devices)
	body, err := json.Marshal(BatchRequest{Devices: slices.Compact(devices), CommandRequest: b.CommandRequest})
	if err != nil {
		body = nil // args are JSON already: it always encodes
	}
	sum := sha256.Sum256(body)
	return "asked-" + hex.EncodeToString(sum[:16])
}

// summaryOf names a device to a person who confirms something about it.
func summaryOf(i inventory.Item) string {
	words := i.Device.Class.Words() + " " + i.Device.Serial
	if i.Device.Owner != "" {
		words += ", " + i.Device.Owner
	}
	if len(i.Path) > 0 {
		words += ", " + i.Path[len(i.Path)-1].Name
	}
	return words
}

// BatchInput names a batch.
type BatchInput struct {
	ID string `path:"id" maxLength:"64" doc:"Id of the batch."`
}

func errNoBatch() error { return fault.CodeNotFound.New("There is no such batch.") }

// reachBatch reads a batch and asks whether the person may do this to its
// devices: to all of them, or, to look at it, leaves out those they may not see.
func (a *API) reachBatch(ctx context.Context, id string, permission auth.Permission) (commands.Batch, error) {
	parsed, err := commands.ParseBatchID(id)
	if err != nil {
		return commands.Batch{}, errNoBatch()
	}
	b, err := a.commands.Batch(ctx, parsed)
	if fault.Has(err, fault.CodeNotFound) {
		return commands.Batch{}, errNoBatch()
	}
	if err != nil {
		return commands.Batch{}, err
	}
	p := principalOf(ctx)
	if reach, ok := auth.ReachOf(p, permission); ok && reach.Unlimited() {
		return b, nil
	}
	var visible []commands.BatchItem
	for _, it := range b.Items {
		item, err := a.inventory.Get(ctx, it.Device)
		if err != nil {
			continue // a device that does not exist is shown to nobody who is limited
		}
		if auth.Authorise(p, auth.CommandsRead, targetOf(item)) != nil {
			continue
		}
		if err := auth.Authorise(p, permission, targetOf(item)); err != nil {
			return commands.Batch{}, err
		}
		visible = append(visible, it)
	}
	if len(visible) == 0 || (permission != auth.CommandsRead && len(visible) < len(b.Items)) {
		return commands.Batch{}, errNoBatch()
	}
	b.Items = visible
	return b, nil
}

func (a *API) getBatch(ctx context.Context, in *BatchInput) (*output[BatchView], error) {
	b, err := a.reachBatch(ctx, in.ID, auth.CommandsRead)
	if err != nil {
		return nil, err
	}
	return &output[BatchView]{Body: batchView(b)}, nil
}

func (a *API) showBatch(ctx context.Context, id commands.BatchID) (*output[BatchView], error) {
	b, err := a.commands.Batch(ctx, id)
	if err != nil {
		return nil, err
	}
	return &output[BatchView]{Body: batchView(b)}, nil
}

func batchView(b commands.Batch) BatchView {
	v := BatchView{ID: b.ID, Kind: b.Kind, KindWords: b.Kind.Words(), Subkind: b.Subkind, Reason: b.Reason, Ticket: b.Ticket,
		RequestedBy: actorWords(b.Requester), Weight: b.Weight, CreatedAt: b.CreatedAt, NotBefore: timeOrNil(b.NotBefore),
		Rings: b.Rings, OpenRing: b.OpenRing, StoppedAt: timeOrNil(b.StoppedAt), StopReason: b.StopReason,
		OrdersHash: b.OrdersHash, Counts: map[string]int{}}
	for _, it := range b.Items {
		v.Items = append(v.Items, BatchItemView{DeviceID: it.Device, CommandID: it.Command, Ring: it.Ring, State: it.State,
			Outcome: it.Outcome, Code: it.Code, Detail: it.Sentence})
		if it.Command == "" {
			v.Counts["not_asked"]++
		} else {
			v.Counts[string(it.State)]++
		}
	}
	return v
}

type cancelBatchInput struct {
	BatchInput
	IdempotentInput
	Body *struct {
		Reason string `json:"reason,omitempty" maxLength:"500"`
	}
}

func (a *API) cancelBatch(ctx context.Context, in *cancelBatchInput) (*output[BatchView], error) {
	b, err := a.reachBatch(ctx, in.ID, auth.CommandsCancel)
	if err != nil {
		return nil, err
	}
	reason := ""
	if in.Body != nil {
		reason = in.Body.Reason
	}
	_, err = a.carryOut(ctx, func(ctx context.Context) (string, error) {
		_, err := a.commands.CancelBatch(ctx, principalOf(ctx).Actor(), b.ID, reason)
		return "batch:" + string(b.ID), err
	})
	if err != nil {
		return nil, err
	}
	return a.showBatch(ctx, b.ID)
}

type approveBatchInput struct {
	BatchInput
	IdempotentInput
	StepUpInput
	Body struct {
		OrdersHash string `json:"orders_hash" minLength:"8" maxLength:"128" doc:"As the batch shows it."`
	}
}

func (a *API) approveBatch(ctx context.Context, in *approveBatchInput) (*output[BatchView], error) {
	b, err := a.reachBatch(ctx, in.ID, auth.CommandsRead)
	if err != nil {
		return nil, err
	}
	if err := a.maySecondAll(ctx, b); err != nil {
		return nil, err
	}
	_, err = a.carryOut(ctx, func(effect context.Context) (string, error) {
		who, err := a.requireProofBehind(ctx, in.StepUp, b.Requester, false, stepUpWanted{batch: string(b.ID), kind: b.Kind, subkind: b.Subkind,
			reason: b.Reason, summary: fmt.Sprintf("%d devices", len(b.Items))})
		if err != nil {
			return "", err
		}
		_, err = a.commands.ApproveBatch(effect, who.Actor(), b.ID, in.Body.OrdersHash)
		return "batch:" + string(b.ID), err
	})
	if err != nil {
		return nil, err
	}
	return a.showBatch(ctx, b.ID)
}

type denyBatchInput struct {
	BatchInput
	IdempotentInput
	Body struct {
		Reason string `json:"reason" minLength:"3" maxLength:"500"`
	}
}

func (a *API) denyBatch(ctx context.Context, in *denyBatchInput) (*output[BatchView], error) {
	b, err := a.reachBatch(ctx, in.ID, auth.CommandsRead)
	if err != nil {
		return nil, err
	}
	if err := a.maySecondAll(ctx, b); err != nil {
		return nil, err
	}
	_, err = a.carryOut(ctx, func(ctx context.Context) (string, error) {
		_, err := a.commands.DenyBatch(ctx, principalOf(ctx).Actor(), b.ID, in.Body.Reason)
		return "batch:" + string(b.ID), err
	})
	if err != nil {
		return nil, err
	}
	return a.showBatch(ctx, b.ID)
}

// maySecondAll: deciding about a batch is deciding about each of its commands.
func (a *API) maySecondAll(ctx context.Context, b commands.Batch) error {
	for _, it := range b.Items {
		if it.State != commands.StateAwaitingApproval {
			continue
		}
		c, err := a.commands.Get(ctx, it.Command)
		if err != nil {
			return err
		}
		item, err := a.inventory.Get(ctx, it.Device)
		if err != nil {
			return err
		}
		if err := a.maySecond(ctx, c, targetOf(item)); err != nil {
			return err
		}
	}
	return nil
}
