package store

import (
	"fmt"
	"time"

	"wardline/audit"
	"wardline/commands"
)

// guardActor is what the guard does by itself.
var guardActor = audit.Actor{Kind: audit.ActorSystem, ID: "guard", Name: "Guard"}

// clockJumped freezes the server: windows of time mean nothing under a clock that
// somebody sets. The guard's lock is held.
func (t *tx) clockJumped(by time.Duration) error {
	direction := "forward"
	if by < 0 {
		direction = "back"
	}
	reason := fmt.Sprintf("The database's clock was set %s by %s.", direction, by.Abs().Round(time.Second))
	z := commands.Freeze{ID: t.newID(), Scope: commands.FreezeServer, Cause: commands.CauseClock, Reason: reason, SetBy: guardActor}
	return t.addFreeze(z, audit.Event{Actor: guardActor, Action: "freeze.set", Subject: "freeze:" + z.ID,
		Detail: map[string]any{"alert": true, "scope": "server", "cause": "clock", "because": reason, "seconds": int64(by / time.Second)}})
}

// enterGuard takes the guard's lock, freezes when the clock was set, and returns
// the guard's time.
func (t *tx) enterGuard() (time.Time, error) {
	now, jumped, err := t.lockGuard()
	if err != nil || jumped == 0 {
		return now, err
	}
	return now, t.clockJumped(jumped)
}
