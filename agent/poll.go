package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"wardline/commands"
	"wardline/device"
)

var (
	// errNudged: something happened on the device while the server held the poll.
	errNudged = errors.New("the poll was ended to report news")
	// errJournal: the journal cannot be written.
	errJournal = errors.New("the agent cannot remember what it does, and stops")
)

// maxPollAnswer bounds what an answer may bring: some envelopes of full size.
const maxPollAnswer = 8 << 20

// inventoryAge is how long the digest of the inventory is used without asking
// the driver again.
const inventoryAge = 10 * time.Minute

type cachedInventory struct {
	hash string
	at   time.Time
}

// outcome of a poll that got through.
type pollOutcome struct {
	after time.Duration
	// progress: results were stored, or commands came.
	progress bool
}

// poll says, answers and asks once.
func (c *Client) poll(ctx context.Context) (pollOutcome, error) {
	req, sent, id, err := c.request(ctx)
	if err != nil {
		return pollOutcome{}, err
	}
	reqCtx, cancel := context.WithTimeout(ctx, time.Duration(req.WaitSeconds)*time.Second+answerSlack)
	defer cancel()
	if req.WaitSeconds > 0 {
		c.hold(cancel)
	}
	resp, err := c.post(reqCtx, id, req)
	c.hold(nil)
	if err != nil {
		if ctx.Err() == nil && errors.Is(reqCtx.Err(), context.Canceled) {
			return pollOutcome{}, errNudged
		}
		return pollOutcome{}, err
	}
	c.crash("after answer")
	return c.digest(req, resp, sent)
}

// hold notes how the poll that the server may hold can be ended; nil: none is
// held any more.
func (c *Client) hold(end context.CancelFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = end
	if end == nil {
		return
	}
	select {
	case <-c.news: // came between the report and now
		end()
	default:
	}
}

// sentResult remembers which answer of which task a poll carried.
type sentResult struct {
	task   *task
	status ResultStatus
}

// request collects what there is to say, and as who it is said.
func (c *Client) request(ctx context.Context) (PollRequest, []sentResult, *identity, error) {
	select {
	case <-c.news: // it is in what follows
	default:
	}
	state, err := c.o.Driver.State(ctx)
	if err != nil {
		c.o.Log.Warn("the device's state could not be read in full", "error", err)
	}
	therapy, age := c.o.Driver.Therapy()
	state.Therapy, state.StateAgeMS = therapy, age.Milliseconds()
	inventory, hash, err := c.readInventory(ctx)
	if err != nil {
		c.o.Log.Warn("the inventory could not be read", "error", err)
	}
	capabilities := append([]device.Kind{}, c.o.Driver.Capabilities()...)

	c.mu.Lock()
	defer c.mu.Unlock()
	c.sequence++
	req := PollRequest{
		Protocol: Protocol, BootID: c.boot, Sequence: c.sequence,
		Capabilities: append(capabilities, ownKinds...),
		State:        state, InventoryHash: hash, Inventory: inventory, Results: []Result{},
	}
	var sent []sentResult
	for _, t := range c.book.order {
		if !t.owesAnswer() || len(sent) == MaxResults {
			continue
		}
		r, err := c.result(t)
		if err != nil {
			return req, nil, nil, err
		}
		req.Results = append(req.Results, r)
		sent = append(sent, sentResult{t, t.status})
	}
	if len(sent) == 0 && inventory == nil {
		req.WaitSeconds = int(c.o.Wait / time.Second)
	}
	return req, sent, c.identity, nil
}

// result is a task's answer with its receipt, signed once. The lock is held.
func (c *Client) result(t *task) (Result, error) {
	r := Result{CommandID: t.id, Status: t.status, Reason: t.reason, Detail: t.detail, AgeMS: -1}
	if r.Detail == nil {
		r.Detail = map[string]any{}
	}
	if !t.at.IsZero() {
		r.AgeMS = time.Since(t.at).Milliseconds()
	}
	if t.receipt == "" {
		receipt, err := commands.SignReceipt(c.identity.key, commands.Receipt{
			Command: commands.ID(t.id), Device: c.settings.Device, Enrollment: c.settings.Enrollment,
			OrderHash: t.orderHash, Attempt: t.attempt, Status: commands.ResultStatus(t.status), Reason: t.reason,
			BootID: c.boot, Sequence: c.sequence, At: c.clock.now(),
		})
		if err != nil {
			return Result{}, err
		}
		t.receipt = receipt
	}
	r.Receipt = t.receipt
	return r, nil
}

// readInventory returns the inventory itself only when it was asked for.
func (c *Client) readInventory(ctx context.Context) (*Inventory, string, error) {
	c.mu.Lock()
	wanted, cached := c.sendInventory, c.inventory
	c.mu.Unlock()
	if !wanted && cached.hash != "" && time.Since(cached.at) < inventoryAge {
		return nil, cached.hash, nil
	}
	inventory, err := c.o.Driver.Inventory(ctx)
	if err != nil {
		return nil, cached.hash, err
	}
	hash := inventory.Hash()
	c.mu.Lock()
	c.inventory = cachedInventory{hash: hash, at: time.Now()}
	c.mu.Unlock()
	if !wanted {
		return nil, hash, nil
	}
	return &inventory, hash, nil
}

// post sends a poll and reads the answer.
func (c *Client) post(ctx context.Context, id *identity, poll PollRequest) (PollResponse, error) {
	var answer PollResponse
	body, err := json.Marshal(poll)
	if err != nil {
		return answer, fmt.Errorf("encode the poll: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, id.server+PathPoll, bytes.NewReader(body))
	if err != nil {
		return answer, fmt.Errorf("poll: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := id.client.Do(req)
	if err != nil {
		return answer, fmt.Errorf("poll: %w", err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxPollAnswer))
	if err != nil {
		return answer, fmt.Errorf("read the answer to the poll: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		// A device whose certificate is not accepted still learns what time it is.
		if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			c.clock.set(date)
		}
		return answer, fmt.Errorf("poll: %w", readProblem(resp, raw))
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return answer, fmt.Errorf("read the answer to the poll: %w", err)
	}
	return answer, nil
}

// retryAfter is what the server asked for in a refusal.
func retryAfter(err error) time.Duration {
	var p *problem
	if errors.As(err, &p) {
		return p.retryAfter
	}
	return 0
}

// digest takes in the answer: who we are, what time it is, what is settled, what
// is ordered.
func (c *Client) digest(req PollRequest, resp PollResponse, sent []sentResult) (pollOutcome, error) {
	if !resp.ServerTime.IsZero() {
		c.clock.set(resp.ServerTime)
	}
	if err := c.learn(resp); err != nil {
		return pollOutcome{}, fmt.Errorf("%w: %w", errJournal, err)
	}
	c.mu.Lock()
	c.sendInventory = resp.SendInventory || c.sendInventory && req.Inventory == nil
	wanted := c.sendInventory
	c.mu.Unlock()
	if err := c.settle(resp.Settled, sent); err != nil {
		return pollOutcome{}, err
	}
	for _, envelope := range resp.Commands {
		if err := c.take(envelope); err != nil {
			return pollOutcome{}, fmt.Errorf("%w: %w", errJournal, err)
		}
	}
	out := pollOutcome{progress: len(resp.Settled) > 0 || len(resp.Commands) > 0,
		after: time.Duration(min(max(resp.PollAfterSeconds, 0), 3600)) * time.Second}
	if out.after > 0 {
		out.after += c.o.random(out.after / 10)
	}
	if len(resp.Commands) > 0 || wanted || c.owes() {
		out.after = 0
	}
	return out, nil
}

// learn notes, at the first answer of an enrollment, who the server says this is.
func (c *Client) learn(resp PollResponse) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.settings.Enrollment != "" || resp.EnrollmentID == "" {
		return nil
	}
	s := c.settings
	s.Device, s.Enrollment = resp.DeviceID, resp.EnrollmentID
	if err := c.dir.writeJSON(fileSettings, s); err != nil {
		return err
	}
	c.settings = s
	return nil
}

// settle notes which answers the server has stored for good.
func (c *Client) settle(settled []string, sent []sentResult) error {
	stored := make(map[string]bool, len(settled))
	for _, id := range settled {
		stored[id] = true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range sent {
		if !stored[s.task.id] {
			continue
		}
		e := s.task.event(EventSettled)
		e.Status = s.status
		if err := c.note(e); err != nil {
			return fmt.Errorf("%w: %w", errJournal, err)
		}
		s.task.settled = s.status
		if s.task.kind == device.KindWipe && s.status == StatusSucceeded {
			// The final report of a wipe is in: the device is nobody's any more.
			return c.erased()
		}
	}
	if len(stored) > 0 {
		c.crash("after settled")
	}
	c.kickExecutor()
	return nil
}

// owes reports whether an answer waits to be sent.
func (c *Client) owes() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.book.order {
		if t.owesAnswer() {
			return true
		}
	}
	return false
}
