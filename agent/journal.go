package agent

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Event is one line of the journal, the file journal.jsonl in the state folder.
// The file is the agent's memory of what it was ordered and what it did: one JSON
// object a line, only ever appended to, each line synced to disk before anything
// that depends on it happens. Its format is public (docs/agent-protocol.md):
// tests and investigators read from it what a device did.
type Event struct {
	// N counts the lines from 1 without gaps.
	N uint64 `json:"n"`
	// At is the server's time as the device knew it.
	At   time.Time `json:"at"`
	Boot string    `json:"boot"`
	What What      `json:"event"`

	// What follows is empty where it does not apply.
	Command    string         `json:"command_id,omitempty"`
	Kind       string         `json:"kind,omitempty"`
	Subkind    string         `json:"subkind,omitempty"`
	OrderHash  string         `json:"order_hash,omitempty"`
	Attempt    int            `json:"attempt,omitempty"`
	Therapy    string         `json:"therapy,omitempty"` // as sensed at that moment
	Status     ResultStatus   `json:"status,omitempty"`
	Reason     string         `json:"reason,omitempty"`
	Detail     map[string]any `json:"detail,omitempty"`
	Enrollment string         `json:"enrollment_id,omitempty"`
	// IssuedAt is the envelope's: signed server time, which the device's idea of
	// the time never falls below again.
	IssuedAt *time.Time `json:"issued_at,omitempty"`
	// Envelope is kept with a mark, so that what was taken on can be finished.
	Envelope string `json:"envelope,omitempty"`
	// Gone: the device erased its own agent.
	Gone bool `json:"gone,omitempty"`
}

// What happened.
type What string

// The events, in the order in which they can happen to one command.
const (
	// EventBoot: the agent started. It comes before everything of that boot.
	EventBoot What = "boot"
	// EventRejected: an envelope was not believed. Nothing is answered.
	EventRejected What = "rejected"
	// EventRefused: a genuine order that will never be done. Status and Reason are
	// the answer.
	EventRefused What = "refused"
	// EventNotNow: the interlock said later. The same command may come again.
	EventNotNow What = "not_now"
	// EventMarked: taken on. From here it is done at most once.
	EventMarked What = "marked"
	// EventStaged: taken in, to be applied when the device is free.
	EventStaged What = "staged"
	// EventActing: written immediately before the driver is called. There is at
	// most one for each command.
	EventActing What = "acting"
	// EventResumed: a wipe that a restart interrupted goes on.
	EventResumed What = "resumed"
	// EventDone: the end, with Status and Reason.
	EventDone What = "done"
	// EventSettled: the server has stored the result with this Status.
	EventSettled What = "settled"
)

// journal appends events. It is not safe for concurrent use.
type journal struct {
	f *os.File
	n uint64
	// failed is the first error of a write: after it nothing may be done any more,
	// since it could not be remembered.
	failed error
}

// openJournal opens the file, gives every event in it to read, and cuts off a
// last line that a power cut left unfinished.
func openJournal(path string, read func(Event) error) (*journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	j := &journal{f: f}
	good, err := j.replay(read)
	if err == nil {
		err = f.Truncate(good)
	}
	if err == nil {
		_, err = f.Seek(good, io.SeekStart)
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the journal %s: %w", path, err), f.Close())
	}
	return j, nil
}

// replay returns how many bytes are whole lines.
func (j *journal) replay(read func(Event) error) (int64, error) {
	var good int64
	r := bufio.NewReader(j.f)
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return good, nil // an unfinished line was never relied on
		}
		if err != nil {
			return 0, err
		}
		var e Event
		if err := json.Unmarshal(line, &e); err != nil {
			return 0, fmt.Errorf("line %d is damaged: %w", j.n+1, err)
		}
		if e.N != j.n+1 {
			return 0, fmt.Errorf("line %d is numbered %d", j.n+1, e.N)
		}
		if err := read(e); err != nil {
			return 0, err
		}
		j.n++
		good += int64(len(line))
	}
}

// append writes one event and returns when it is on disk.
func (j *journal) append(e Event) error {
	if j.failed != nil {
		return j.failed
	}
	e.N = j.n + 1
	line, err := json.Marshal(e)
	if err == nil {
		_, err = j.f.Write(append(line, '\n'))
	}
	if err == nil {
		err = j.f.Sync()
	}
	if err != nil {
		j.failed = fmt.Errorf("write the journal: %w", err)
		return j.failed
	}
	j.n++
	return nil
}

func (j *journal) close() error { return j.f.Close() }

// ReadJournal reads a journal, of a running agent too. A last line without its
// newline is left out.
func ReadJournal(path string) ([]Event, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	var events []Event
	for {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		if !whole {
			return events, nil
		}
		var e Event
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("read the journal: line %d: %w", len(events)+1, err)
		}
		events, b = append(events, e), rest
	}
}
