package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"wardline/device"
	"wardline/safety"
)

const (
	// settleWait is how long a task that was taken on waits for the server to
	// have stored that, so that a wipe's receipt is out before the wipe.
	settleWait = 30 * time.Second
	// stageLife is how long staged work may wait to be applied.
	stageLife = 72 * time.Hour
	// stageRecheck is how often staged work is looked at when the driver reports
	// no change.
	stageRecheck = time.Minute
)

// execute carries out what was taken on, one task at a time, until ctx ends or
// the device has erased itself.
func (c *Client) execute(ctx context.Context) error {
	for {
		t, wait, err := c.nextTask()
		if err != nil {
			return err
		}
		if t != nil {
			if err := c.run(ctx, t); err != nil {
				return err
			}
			c.setBusy(false)
			c.nudge()
			continue
		}
		if wait == 0 {
			c.nudge() // something ended by itself
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-c.kick:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// nextTask returns the next task whose time has come, or how long to wait.
func (c *Client) nextTask() (*task, time.Duration, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wait := time.Hour
	for _, t := range c.queue {
		if t.phase == phaseStaged {
			if c.clock.now().Sub(t.stagedAt) > stageLife {
				return nil, 0, c.end(t, EventDone, StatusFailed, "it was staged and could not be applied within 72 hours", nil)
			}
			if time.Since(t.tried) > stageRecheck && c.judge(t).Answer == safety.Now {
				c.busy = true
				return t, 0, nil
			}
			wait = min(wait, stageRecheck)
			continue
		}
		left := settleWait - time.Since(t.marked)
		if t.settled == StatusAccepted || left <= 0 {
			c.busy = true
			return t, 0, nil
		}
		return nil, min(wait, left), nil
	}
	return nil, wait, nil
}

// run does one task: the interlock once more, a line that it begins, the deed, a
// line that it ended.
func (c *Client) run(ctx context.Context, t *task) error {
	if begun, err := c.begin(t); !begun || err != nil {
		return err
	}
	c.crash("after acting")
	outcome, err := c.do(ctx, t)
	c.crash("after deed")
	c.mu.Lock()
	defer c.mu.Unlock()
	t.gone = outcome.Gone && err == nil
	switch {
	case err == nil:
		err = c.end(t, EventDone, StatusSucceeded, "", outcome.Detail)
	case errors.Is(err, ErrNotNow) && t.permit.Stage:
		return c.stageAgain(t)
	case errors.Is(err, ErrNotNow):
		c.unqueue(t)
		err = c.close(t, EventNotNow, phaseNotNow, StatusNotNow, err.Error(), nil, nil)
	case errors.Is(err, ErrRefused):
		err = c.end(t, EventRefused, StatusRefused, err.Error(), outcome.Detail)
	default:
		err = c.end(t, EventDone, StatusFailed, err.Error(), outcome.Detail)
	}
	c.crash("after done")
	if err == nil && t.gone {
		return c.erased()
	}
	return err
}

// begin asks the interlock at the last moment and writes the line after which
// the deed is never begun again.
func (c *Client) begin(t *task) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.judge(t)
	switch {
	case v.Answer == safety.Now:
	case v.Answer == safety.Stage:
		return false, nil // it changed between two looks; it stays staged
	case t.resumed:
		return false, c.end(t, EventDone, StatusFailed, "interrupted, and not resumed: "+v.Sentence, map[string]any{"code": v.Code})
	default:
		c.unqueue(t)
		return false, c.decline(t, v, nil)
	}
	what := EventActing
	if t.resumed {
		what = EventResumed
	}
	c.crash("before acting")
	if err := c.note(t.event(what)); err != nil {
		return false, err
	}
	t.phase = phaseActing
	return true, nil
}

// stageAgain puts back staged work that its driver found no moment for. The lock
// is held.
func (c *Client) stageAgain(t *task) error {
	e := t.event(EventStaged)
	e.Detail, e.Envelope = map[string]any{"staged": true}, t.envelope
	t.phase, t.tried = phaseStaged, time.Now()
	return c.note(e)
}

// end closes a task for good and takes it out of the queue. The lock is held.
func (c *Client) end(t *task, what What, status ResultStatus, reason string, detail map[string]any) error {
	c.unqueue(t)
	return c.close(t, what, phaseEnded, status, reason, detail, nil)
}

func (c *Client) unqueue(t *task) {
	c.queue = slices.DeleteFunc(c.queue, func(q *task) bool { return q == t })
}

// do is the deed.
func (c *Client) do(ctx context.Context, t *task) (Outcome, error) {
	switch t.kind {
	case device.KindRefresh:
		c.mu.Lock()
		c.sendInventory = true
		c.mu.Unlock()
		return Outcome{}, nil
	case device.KindUnstage:
		return c.unstage()
	case device.KindRenewCertificate:
		leaf, err := c.renew(ctx)
		if err != nil {
			return Outcome{}, err
		}
		return Outcome{Detail: map[string]any{"not_after": leaf.NotAfter.UTC().Format(time.RFC3339)}}, nil
	}
	job, err := t.job()
	if err != nil {
		return Outcome{}, err
	}
	return c.o.Driver.Do(ctx, job)
}

// unstage drops everything that is staged and not yet applied.
func (c *Client) unstage() (Outcome, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	dropped := []string{}
	for _, t := range slices.Clone(c.queue) {
		if t.phase != phaseStaged {
			continue
		}
		if err := c.end(t, EventDone, StatusFailed, "it was staged and has been unstaged", map[string]any{"unstaged": true}); err != nil {
			return Outcome{}, err
		}
		dropped = append(dropped, t.id)
	}
	return Outcome{Detail: map[string]any{"unstaged": dropped}}, nil
}

// erased removes the identity after a wipe: the device is nobody's any more. The
// journal stays. The lock is held.
func (c *Client) erased() error {
	if err := c.dir.remove(fileIdentity, fileRenew, fileEnroll); err != nil {
		return fmt.Errorf("remove the identity of a wiped device: %w", err)
	}
	return ErrErased
}

// recover decides what becomes of what an earlier boot left unfinished: a wipe
// goes on, staged work waits on, everything else is reported as interrupted and
// not tried again.
func (c *Client) recover(marks map[string]Event) error {
	for _, t := range c.book.order {
		if t.phase != phaseMarked && t.phase != phaseStaged && t.phase != phaseActing {
			continue
		}
		began := t.phase == phaseActing
		mark := marks[t.id]
		if t.kind != device.KindWipe && t.phase != phaseStaged {
			if err := c.interrupted(t, began); err != nil {
				return err
			}
			continue
		}
		if err := t.restore(mark.Envelope, c.roots, mark.At); err != nil {
			c.o.Log.Error("an order that was taken on can no longer be read", "error", err)
			if err := c.interrupted(t, began); err != nil {
				return err
			}
			continue
		}
		if t.phase != phaseStaged {
			t.phase, t.resumed = phaseMarked, began
		}
		t.marked = time.Now()
		c.queue = append(c.queue, t)
	}
	return nil
}

func (c *Client) interrupted(t *task, began bool) error {
	reason := "interrupted: the agent restarted before it began, so nothing was done"
	if began {
		reason = "interrupted: the agent restarted while it was at work, so whether it was done is not known"
	}
	return c.close(t, EventDone, phaseEnded, StatusFailed, reason, map[string]any{"interrupted": true, "began": began}, nil)
}
