package agent

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"wardline/commands"
	"wardline/device"
)

// victimVariable names the folder of an agent that this test binary is to run as
// a process of its own, so that it can be killed.
const (
	victimVariable = "WARDLINE_AGENT_TEST_VICTIM"
	crashVariable  = "WARDLINE_AGENT_TEST_CRASH_AT"
)

// scribe is a driver that writes each deed to a file: what the hardware really
// did, whatever the agent remembers.
type scribe struct {
	*handset
	dir string
}

const deedsFile = "deeds"

func newScribe(dir string) *scribe {
	s := &scribe{handset: newHandset(device.KindLock, device.KindWipe), dir: dir}
	s.do = func(_ context.Context, j Job) (Outcome, error) {
		f, err := os.OpenFile(filepath.Join(dir, deedsFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return Outcome{}, err
		}
		_, err = f.WriteString(j.CommandID + "\n")
		return Outcome{}, errors.Join(err, f.Sync(), f.Close())
	}
	return s
}

// victim runs the agent in dir until it is killed, or kills itself at the point
// that it was told.
func victim(dir string) {
	at := os.Getenv(crashVariable)
	c, err := Open(Options{StateDir: dir, Driver: newScribe(dir), MaxBackoff: 50 * time.Millisecond,
		crash: func(point string) {
			if point == at {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}})
	if err == nil {
		err = c.Run(context.Background())
	}
	if err != nil && !errors.Is(err, ErrErased) && !errors.Is(err, ErrNotEnrolled) {
		_, _ = os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
}

// killAt runs the agent as a process of its own that kills itself at the point.
func (m *member) killAt(point string) {
	m.h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	p := exec.CommandContext(ctx, os.Args[0])
	p.Env = append(os.Environ(), victimVariable+"="+m.dir, crashVariable+"="+point)
	out, err := p.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL || ctx.Err() != nil {
		m.h.t.Fatalf("the agent did not reach %q: %v\n%s", point, err, out)
	}
}

// deeds counts what the hardware did.
func (m *member) deeds() int {
	b, err := os.ReadFile(filepath.Join(m.dir, deedsFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		m.h.t.Fatal(err)
	}
	return strings.Count(string(b), "\n")
}

// crashPoints are all the steps of an order on the device, and what a lock and a
// wipe have come to once the agent has been started again.
var crashPoints = []struct {
	point     string
	lockDeeds int    // how often the device locked
	lockEnds  string // what the server hears last
	wipeDeeds int    // how often the wipe ran; a resumed one runs again
}{
	{"before mark", 1, "succeeded", 1}, // never taken on: delivered again
	{"after mark", 0, "failed", 1},
	{"after settled", 0, "failed", 1}, // accepted is stored, nothing begun
	{"before acting", 0, "failed", 1},
	{"after acting", 0, "failed", 1}, // whether it was done is not known
	{"after deed", 1, "failed", 2},   // done, and not known
	{"after done", 1, "succeeded", 1},
}

func TestKilledAtAnyStepADeviceLocksAtMostOnceAndSaysWhatItKnows(t *testing.T) {
	for _, c := range crashPoints {
		t.Run(c.point, func(t *testing.T) {
			t.Parallel()
			h := openOnTCP(t)
			phone := h.enrolled(device.ClassPhoneIssued)
			lock := h.ask(phone.Identity, device.KindLock)
			phone.killAt(c.point)
			h.again(phone.Identity, lock) // the server hears nothing and delivers again
			last := restarted(t, phone, lock, newScribe(phone.dir))
			equal(t, "what the server heard last", last, c.lockEnds)
			equal(t, "how often the phone locked", phone.deeds(), c.lockDeeds)
			once(t, phone, lock)
		})
	}
}

func TestKilledAtAnyStepAWipeIsFinished(t *testing.T) {
	for _, c := range crashPoints {
		t.Run(c.point, func(t *testing.T) {
			t.Parallel()
			h := openOnTCP(t)
			phone := h.enrolled(device.ClassPhoneIssued)
			wipe := h.ask(phone.Identity, device.KindWipe)
			phone.killAt(c.point)
			h.again(phone.Identity, wipe)
			last := restarted(t, phone, wipe, newScribe(phone.dir))
			equal(t, "what the server heard last", last, "succeeded")
			equal(t, "how often the wipe ran", phone.deeds(), c.wipeDeeds)
			once(t, phone, wipe)
		})
	}
}

func TestAWipeIsNotResumedOnAPumpThatInfusesByThen(t *testing.T) {
	h := openOnTCP(t)
	pump := h.enrolled(device.ClassPumpLVP)
	hand := newScribe(pump.dir)
	hand.become(device.ReportedService)
	wipe := h.askWith(pump.Identity, device.KindWipe, "", nil,
		commands.Envelope{AllowedReported: []device.Reported{device.ReportedService}, MaxStateAge: time.Minute})
	reached := make(chan struct{})
	var once sync.Once
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	c, err := Open(pump.options(hand))
	must(t, err)
	hand.do = func(ctx context.Context, _ Job) (Outcome, error) {
		once.Do(func() { close(reached) })
		<-ctx.Done() // the power fails in the middle of it
		c.mu.Lock()
		defer c.mu.Unlock()
		c.journal.failed = errors.New("no power")
		return Outcome{}, ctx.Err()
	}
	go func() { defer close(done); _ = c.Run(ctx) }()
	<-reached
	cancel()
	<-done

	infusing := newScribe(pump.dir)
	infusing.become(device.ReportedInfusing)
	last := restarted(t, pump, wipe, infusing)
	equal(t, "what the server heard last", last, "failed")
	equal(t, "how often the wipe ran", pump.deeds(), 0)
}

// restarted starts the agent again and returns the last status that the server
// stored, once nothing is open any more.
func restarted(t *testing.T, m *member, a *asked, d Driver) string {
	t.Helper()
	c, err := Open(m.options(d))
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	done := make(chan struct{})
	go func() { defer close(done); _ = c.Run(ctx) }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	last := ""
	for last != "succeeded" && last != "failed" {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the server heard only %v", m.h.statuses(a))
		}
		if s := m.h.statuses(a); len(s) > 0 {
			last = s[len(s)-1]
		}
	}
	cancel()
	<-done
	return last
}

// once checks the journal: one mark, at most one beginning.
func once(t *testing.T, m *member, a *asked) {
	t.Helper()
	count := map[What]int{}
	for _, e := range m.journal() {
		if e.Command == string(a.order.Command) {
			count[e.What]++
		}
	}
	if count[EventMarked] != 1 || count[EventActing] > 1 || count[EventDone] != 1 {
		b, _ := json.MarshalIndent(m.journal(), "", " ")
		t.Errorf("the journal says %v\n%s", count, b)
	}
}

func TestALineThatAPowerCutLeftUnfinishedIsCutOff(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, fileJournal)
	j, err := openJournal(path, func(Event) error { return nil })
	must(t, err)
	must(t, j.append(Event{What: EventBoot}))
	must(t, j.append(Event{What: EventMarked, Command: "c"}))
	must(t, j.close())
	whole, err := os.ReadFile(path)
	must(t, err)
	for cut := len(whole) - 1; cut > strings.IndexByte(string(whole), '\n'); cut-- {
		must(t, os.WriteFile(path, whole[:cut], 0o600))
		var read []What
		j, err := openJournal(path, func(e Event) error { read = append(read, e.What); return nil })
		must(t, err)
		equalList(t, "what is left", read, EventBoot)
		must(t, j.append(Event{What: EventRejected}))
		must(t, j.close())
		events, err := ReadJournal(path)
		must(t, err)
		if len(events) != 2 || events[1].N != 2 || events[1].What != EventRejected {
			t.Fatalf("cut at %d: %v", cut, events)
		}
	}
}

func TestAnAgentThatCannotWriteItsJournalDoesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		phone := h.enrolled(device.ClassPhoneIssued)
		hand := newHandset(device.KindLock)
		c, err := Open(phone.options(hand))
		must(t, err)
		must(t, c.journal.f.Close()) // the disk is gone
		h.ask(phone.Identity, device.KindLock)
		if err := c.Run(t.Context()); !errors.Is(err, errJournal) {
			t.Errorf("the agent ended with %v", err)
		}
		equal(t, "jobs done", len(hand.done()), 0)
	})
}

func TestASecondAgentOnTheSameFolderIsRefused(t *testing.T) {
	h := openOnTCP(t)
	phone := h.enrolled(device.ClassPhoneIssued)
	c, err := Open(phone.options(newHandset()))
	must(t, err)
	if _, err := Open(phone.options(newHandset())); !errors.Is(err, errInUse) {
		t.Errorf("the second agent: %v", err)
	}
	must(t, c.Close())
	must(t, os.Chmod(phone.dir, 0o755))
	if _, err := Open(phone.options(newHandset())); err == nil {
		t.Error("a folder that others can read was accepted")
	}
}
