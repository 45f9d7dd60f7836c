package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"wardline/agent"
	"wardline/device"
)

// The agent's journal outlives a wipe, as the memory of this simulation does:
// from them a tester reads what a thing did before it was erased.
const journalFile = "journal.jsonl"

// wipe erases the device. The memory of it comes first: a kill in between leaves
// a device that knows that it is to be erased, and does so when it starts.
func (d *Device) wipe(ctx context.Context, job agent.Job) (agent.Outcome, error) {
	if !d.model.Can(device.KindWipe) {
		return agent.Outcome{}, fmt.Errorf("%w: a %s cannot be wiped", agent.ErrRefused, d.model.Name)
	}
	switch s := d.Snapshot(); {
	case s.Lies:
		return agent.Outcome{}, nil
	case s.IgnoresWipe:
		// It has said that it started. The polls go on beside this.
		<-ctx.Done()
		return agent.Outcome{}, ctx.Err()
	}
	err := d.update(func() error {
		m := &d.mem
		m.executed(job.CommandID, job.Kind, d.now())
		*m = memory{Wiped: true, Executed: m.Executed, Configs: map[string]string{}, Therapy: m.Therapy,
			Powered: m.Powered, Online: m.Online, BSSID: m.BSSID, ClockOffsetSeconds: m.ClockOffsetSeconds,
			BatteryPercent: m.BatteryPercent, Firmware: m.Firmware, HadFirstPoll: m.HadFirstPoll}
		return nil
	})
	if err != nil {
		return agent.Outcome{}, err
	}
	if d.isPump() {
		// The pump lives on to say in a last signed report that it is sanitised. Its
		// key goes when that has arrived (sanitised).
		return agent.Outcome{}, nil
	}
	return agent.Outcome{Gone: true}, d.erase()
}

// sanitised reports whether the server has stored the last report of a wiped
// pump, as its agent's journal says.
func (d *Device) sanitised() (bool, error) {
	events, err := agent.ReadJournal(filepath.Join(d.stateDir(), journalFile))
	if err != nil {
		return false, err
	}
	wipes := map[string]bool{}
	for _, e := range events {
		switch {
		case e.What == agent.EventMarked && e.Kind == string(device.KindWipe):
			wipes[e.Command] = true
		case e.What == agent.EventSettled && wipes[e.Command] && e.Status == agent.StatusSucceeded:
			return true, nil
		}
	}
	return false, nil
}

// lookForTheEnd ends the agent of a wiped pump once its last report is stored.
func (d *Device) lookForTheEnd() error {
	if !d.isPump() || !d.wiped() {
		return nil
	}
	done, err := d.sanitised()
	if err != nil {
		return fmt.Errorf("look whether the wipe has been settled: %w", err)
	}
	if done {
		signal(d.finished)
	}
	return nil
}

// erase destroys what makes the agent somebody: key, certificate, settings. Each
// file is overwritten before it is removed.
func (d *Device) erase() error {
	entries, err := os.ReadDir(d.stateDir())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("erase simulated device %s: %w", d.spec.Serial, err)
	}
	var errs []error
	for _, entry := range entries {
		if entry.Name() == journalFile || entry.Name() == "lock" || !entry.Type().IsRegular() {
			continue
		}
		errs = append(errs, shred(filepath.Join(d.stateDir(), entry.Name())))
	}
	return errors.Join(errs...)
}

func shred(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("erase %s: %w", filepath.Base(path), err)
	}
	if err := os.WriteFile(path, make([]byte, info.Size()), 0o600); err != nil {
		return fmt.Errorf("erase %s: %w", filepath.Base(path), err)
	}
	return os.Remove(path)
}

func (d *Device) wiped() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.mem.Wiped
}
