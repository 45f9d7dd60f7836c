package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"wardline/agent"
)

// fleet is one `wardline-agent simulate` with devices of one class.
type fleet struct {
	t *testing.T
	*process
	state   string
	class   string
	connect string // host:port of the device listener, or of the network before it
	pin     string
	codes   string // the file with serial numbers and codes
	control string // where the simulated devices are handled
}

// device is what a simulated device says of itself, from its own memory.
type device struct {
	Serial   string `json:"serial"`
	Locked   bool   `json:"locked"`
	LostMode bool   `json:"lost_mode"`
	Wiped    bool   `json:"wiped"`
	Online   bool   `json:"online"`
	Message  string `json:"message"`
	Therapy  string `json:"therapy"`
	Executed []struct {
		CommandID string    `json:"command_id"`
		Kind      string    `json:"kind"`
		At        time.Time `json:"at"`
	} `json:"executed"`
}

// times is how often the device carried the command out.
func (d device) times(id string) int {
	n := 0
	for _, e := range d.Executed {
		if e.CommandID == id {
			n++
		}
	}
	return n
}

var wardLine = regexp.MustCompile(`http://localhost:\d+`)

// start starts the devices and waits until all of them are enrolled.
func (f *fleet) start() {
	f.t.Helper()
	f.launch()
	f.saying("All of them are enrolled and run")
}

// launch starts the devices, which may have to wait for the server.
func (f *fleet) launch() {
	f.t.Helper()
	f.process = launch(f.t, wardlineAgent, nil, "simulate", "--server="+deviceURL, "--connect-to="+f.connect,
		"--ca-fingerprint="+f.pin, "--state="+f.state, "--class="+f.class, "--serials="+f.codes, "--ward-addr=127.0.0.1:0")
	f.control = wardLine.FindString(f.saying("Starting"))
	if f.control == "" {
		f.t.Fatalf("simulate does not say where its devices are shown:\n%s", f.out.String())
	}
}

// look asks the device itself.
func (f *fleet) look(serial string) device {
	f.t.Helper()
	return lookAt(f.t, f.control, serial)
}

// handle does something to the device by hand.
func (f *fleet) handle(serial string, change map[string]any) {
	f.t.Helper()
	handle(f.t, f.control, serial, change)
}

func lookAt(t *testing.T, control, serial string) device {
	t.Helper()
	res := must(http.Get(control + "/devices/" + serial))(t)
	return readDevice(t, res)
}

func handle(t *testing.T, control, serial string, change map[string]any) device {
	t.Helper()
	body := must(json.Marshal(change))(t)
	r := must(http.NewRequest(http.MethodPatch, control+"/devices/"+serial, bytes.NewReader(body)))(t)
	r.Header.Set("Content-Type", "application/json")
	return readDevice(t, must(http.DefaultClient.Do(r))(t))
}

func readDevice(t *testing.T, res *http.Response) device {
	t.Helper()
	defer res.Body.Close()
	body := must(io.ReadAll(res.Body))(t)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("the control address answers %d: %s", res.StatusCode, body)
	}
	var d device
	check(t, json.Unmarshal(body, &d))
	return d
}

// folderOf is where the device's agent keeps its key and its journal.
func (f *fleet) folderOf(serial string) string { return filepath.Join(f.state, serial, "agent") }

// remembers is the device's memory on disk: for a device whose process is dead.
func (f *fleet) remembers(serial string) device {
	f.t.Helper()
	var d device
	check(f.t, json.Unmarshal(must(os.ReadFile(filepath.Join(f.state, serial, "memory.json")))(f.t), &d))
	return d
}

// journal is what the agent wrote down about a command.
func (f *fleet) journal(serial, id string) []agent.Event {
	f.t.Helper()
	all := must(agent.ReadJournal(filepath.Join(f.folderOf(serial), "journal.jsonl")))(f.t)
	return slices.DeleteFunc(all, func(e agent.Event) bool { return e.Command != id })
}

// wrote says how often the journal has an event of a command.
func wrote(events []agent.Event, what agent.What) int {
	n := 0
	for _, e := range events {
		if e.What == what {
			n++
		}
	}
	return n
}

// agrees checks the promise about one command that has ended on the device: it
// was executed at most once, and what the server says of it is what the agent's
// journal says.
func (f *fleet) agrees(serial string, c order) {
	f.t.Helper()
	events := f.journal(serial, c.ID)
	acted := wrote(events, agent.EventActing)
	did := f.look(serial).times(c.ID)
	ends := []agent.ResultStatus{}
	for _, e := range events {
		if e.What == agent.EventDone || e.What == agent.EventRefused {
			ends = append(ends, e.Status)
		}
	}
	told := fmt.Sprintf("%s %s of %s: the server says %s (unconfirmed %t), the device did it %d times, its journal: %s",
		c.Kind, c.ID, serial, c.State, c.Unconfirmed, did, story(events))
	if acted > 1 || did > 1 || len(ends) > 1 {
		f.t.Errorf("more than once: %s", told)
	}
	if did > acted {
		f.t.Errorf("done without a word in the journal before: %s", told)
	}
	switch c.State {
	case "succeeded":
		if did != 1 || !slices.Equal(ends, []agent.ResultStatus{agent.StatusSucceeded}) {
			f.t.Errorf("done on the server only: %s", told)
		}
	case "failed":
		if !slices.Equal(ends, []agent.ResultStatus{agent.StatusFailed}) {
			f.t.Errorf("failed on the server only: %s", told)
		}
	case "accepted":
		// The normal end of a phone's wipe; anything else is open, and said to be.
		if c.Kind != "wipe" && !c.Unconfirmed {
			f.t.Errorf("left open: %s", told)
		}
	default:
		f.t.Errorf("it has not ended: %s", told)
	}
}

func story(events []agent.Event) string {
	var words []string
	for _, e := range events {
		words = append(words, strings.TrimSpace(string(e.What)+" "+string(e.Status)))
	}
	return strings.Join(words, ", ")
}
