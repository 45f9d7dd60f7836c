package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

type commandsCmd struct {
	remote  `embed:""`
	ID      string        `arg:"" optional:"" help:"Shows this command, with what happened to it. Without it: lists." placeholder:"COMMAND"`
	Device  string        `help:"Only for this device: serial, asset tag, holder or id." placeholder:"DEVICE"`
	State   []string      `help:"Only in these states; open stands for all that have not ended." placeholder:"STATE"`
	Kind    string        `help:"Only this kind." placeholder:"KIND"`
	Mine    bool          `help:"Only what you asked for."`
	Inbox   bool          `help:"Only what waits for you as the second person."`
	Wait    bool          `help:"With a command: follow it to its end."`
	Timeout time.Duration `help:"How long --wait waits." default:"10m" placeholder:"DURATION"`
	Limit   int           `help:"At most this many." default:"50" placeholder:"N"`
}

func (c *commandsCmd) Run(ctx context.Context, t terminal) error {
	cl, err := c.connect()
	if err != nil {
		return err
	}
	if c.ID != "" {
		return c.show(ctx, t, cl)
	}
	query := url.Values{}
	if c.Device != "" {
		d, err := cl.one(ctx, t, c.Device)
		if err != nil {
			return err
		}
		query.Set("device_id", d.ID)
	}
	if len(c.State) > 0 {
		query.Set("state", strings.Join(c.State, ","))
	}
	if c.Kind != "" {
		query.Set("kind", c.Kind)
	}
	if c.Mine {
		query.Set("mine", "true")
	}
	if c.Inbox {
		query.Set("inbox", "true")
	}
	items, total, err := listAll(ctx, cl, "/commands", query, c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.out, map[string]any{"items": items, "total": total})
	}
	list, err := decodeAll[wireCommand](items)
	if err != nil {
		return err
	}
	return printCommands(t, list, time.Now())
}

func printCommands(t terminal, list []wireCommand, now time.Time) error {
	if len(list) == 0 {
		fmt.Fprintln(t.out, "No commands.")
		return nil
	}
	rows := make([][]string, len(list))
	for i, c := range list {
		rows[i] = []string{c.ID, words(c.Kind), clean(c.Device.Serial), clean(c.StateWords), age(now, &c.CreatedAt), clean(c.RequestedBy), clean(c.Reason)}
	}
	return table(t.out, []string{"COMMAND", "WHAT", "DEVICE", "STATE", "ASKED", "BY", "REASON"}, rows)
}

func (c *commandsCmd) show(ctx context.Context, t terminal, cl *client) error {
	if !looksLikeID(c.ID) {
		return exitStatus{exitUsage, fmt.Errorf("%q is not the id of a command; `wardline commands` lists them", clean(c.ID))}
	}
	var raw json.RawMessage
	if err := cl.do(ctx, call{method: http.MethodGet, path: "/commands/" + c.ID}, &raw); err != nil {
		return exitFor(err)
	}
	var cmd wireCommand
	if err := json.Unmarshal(raw, &cmd); err != nil {
		return fmt.Errorf("the answer about the command cannot be read: %w", err)
	}
	switch {
	case c.JSON && !c.Wait:
		return printJSON(t.out, raw)
	case c.JSON:
		cmd, err := cl.follow(ctx, t, cmd, c.Timeout, true)
		if err != nil {
			return err
		}
		if err := cl.printCommand(ctx, t, cmd.ID); err != nil {
			return err
		}
		return endOf(cmd, true)
	}
	fmt.Fprintf(t.out, "%s %s\n", words(cmd.Kind), clean(cmd.Device.Serial))
	if err := facts(t.out, "Asked by", clean(cmd.RequestedBy), "Reason", clean(cmd.Reason), "Ticket", clean(cmd.Ticket), "Order", cmd.OrderHash); err != nil {
		return err
	}
	if c.Wait {
		var err error
		if cmd, err = cl.follow(ctx, t, cmd, c.Timeout, false); err != nil {
			return err
		}
	} else {
		for _, tr := range cmd.Transitions {
			printTransition(t, tr)
		}
	}
	fmt.Fprintln(t.out, sentence(cmd))
	if !c.Wait {
		return nil // looking is done, whatever is seen
	}
	return endOf(cmd, true)
}

type cancelCmd struct {
	remote `embed:""`
	ID     string `arg:"" help:"The command." placeholder:"COMMAND"`
	Reason string `help:"Why." placeholder:"TEXT"`
}

func (c *cancelCmd) Run(ctx context.Context, t terminal) error {
	cl, err := c.connect()
	if err != nil {
		return err
	}
	var cmd wireCommand
	req := call{method: http.MethodPost, path: "/commands/" + url.PathEscape(c.ID) + "/cancel", body: map[string]string{"reason": c.Reason},
		header: http.Header{"Idempotency-Key": {newKey()}}}
	if err := cl.do(ctx, req, &cmd); err != nil {
		return exitFor(err)
	}
	return cl.printDecision(ctx, t, c.JSON, cmd)
}

type releaseCmd struct {
	remote `embed:""`
	Device string `arg:"" help:"Serial, asset tag, holder or id." placeholder:"DEVICE"`
	Reason string `help:"Why; it stands in the audit log." placeholder:"TEXT" required:""`
}

// Run takes back a containment, such as that of a phone whose wipe was cancelled
// because it was found.
func (r *releaseCmd) Run(ctx context.Context, t terminal) error {
	c, err := r.connect()
	if err != nil {
		return err
	}
	d, err := c.one(ctx, t, r.Device)
	if err != nil {
		return err
	}
	req := call{method: http.MethodPost, path: "/devices/" + d.ID + "/release", body: map[string]string{"reason": r.Reason},
		header: http.Header{"Idempotency-Key": {newKey()}}}
	if err := c.do(ctx, req, &d); err != nil {
		return exitFor(err)
	}
	if r.JSON {
		return printJSON(t.out, d)
	}
	fmt.Fprintf(t.out, "%s is no longer contained: the network accepts it again.\n", clean(d.Serial))
	return nil
}

type approveCmd struct {
	remote `embed:""`
	ID     string `arg:"" help:"The command." placeholder:"COMMAND"`
	Deny   string `help:"Say no, for this reason." placeholder:"REASON"`
	Yes    bool   `help:"Do not ask. Needed when nobody sits at a terminal; then --order-hash is needed too."`
	OTP    string `help:"One-time code, where the approval needs a step-up." placeholder:"CODE" name:"otp"`
	// OrderHash pins what is approved when no person looks at it.
	OrderHash string `help:"The order's hash as it was shown to you." placeholder:"HASH"`
}

func (c *approveCmd) Run(ctx context.Context, t terminal) error {
	cl, err := c.connect()
	if err != nil {
		return err
	}
	path := "/commands/" + url.PathEscape(c.ID)
	var cmd wireCommand
	if err := cl.do(ctx, call{method: http.MethodGet, path: path}, &cmd); err != nil {
		return exitFor(err)
	}
	req := call{method: http.MethodPost, path: path + "/deny", body: map[string]string{"reason": c.Deny},
		header: http.Header{"Idempotency-Key": {newKey()}}}
	if c.Deny == "" {
		hash, err := c.agree(ctx, t, cl, cmd)
		if err != nil {
			return err
		}
		req.path, req.body = path+"/approve", map[string]string{"order_hash": hash}
	}
	what := stepUpFor{device: cmd.DeviceID, otp: c.OTP, what: cmd.Kind}
	if err := cl.steppingUp(ctx, t, what, req, &cmd); err != nil {
		return exitFor(err)
	}
	return cl.printDecision(ctx, t, c.JSON, cmd)
}

// agree shows what is to be approved and returns the hash of exactly that.
func (c *approveCmd) agree(ctx context.Context, t terminal, cl *client, cmd wireCommand) (string, error) {
	if c.Yes {
		if c.OrderHash == "" {
			return "", exitStatus{exitUsage, errors.New("--yes needs --order-hash: nothing is approved that nobody has seen")}
		}
		return c.OrderHash, nil
	}
	if c.OrderHash != "" && c.OrderHash != cmd.OrderHash {
		return "", exitStatus{exitRefused, errors.New("the order is not the one with that hash: look at it again")}
	}
	var d wireDevice
	if err := cl.do(ctx, call{method: http.MethodGet, path: "/devices/" + cmd.DeviceID}, &d); err != nil {
		return "", exitFor(err)
	}
	fmt.Fprintf(t.err, "%s asks for this:\n", clean(cmd.RequestedBy))
	err := facts(t.err, "  What", words(cmd.Kind), "  Serial", clean(d.Serial), "  Class", orClass(d), "  Holder", clean(d.Owner),
		"  Place", placeWords(d.Place), "  Therapy", therapyWords(d), "  Last seen", age(time.Now(), d.LastSeenAt), "  Reason", clean(cmd.Reason), "  Order", cmd.OrderHash)
	if err != nil {
		return "", err
	}
	answer, err := ask(t, "Type yes to approve exactly this order: ", false)
	if errors.Is(err, errNotATerminal) {
		return "", exitStatus{exitUsage, errors.New("nobody sits at a terminal to look at it: repeat with --yes and --order-hash")}
	}
	if err != nil {
		return "", err
	}
	if !strings.EqualFold(strings.TrimSpace(answer), "yes") {
		return "", exitStatus{exitRefused, errNotConfirmed}
	}
	return cmd.OrderHash, nil
}

func (c *client) printDecision(ctx context.Context, t terminal, asJSON bool, cmd wireCommand) error {
	if asJSON {
		return c.printCommand(ctx, t, cmd.ID)
	}
	fmt.Fprintf(t.out, "%s %s: %s\n", words(cmd.Kind), clean(cmd.Device.Serial), sentence(cmd))
	return nil
}
