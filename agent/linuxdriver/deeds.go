package linuxdriver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"wardline/agent"
	"wardline/device"
)

const (
	// restartIn is how many seconds pass before a restart, so that its result is
	// out before the network goes.
	restartIn = 10
	// logLines and logBytes bound what collect_logs hands over.
	logLines, logBytes = 200, 6 << 10
)

// Do carries out one order.
func (d *Driver) Do(ctx context.Context, job agent.Job) (agent.Outcome, error) {
	switch job.Kind {
	case device.KindLocate:
		return d.locate(ctx)
	case device.KindLock:
		return agent.Outcome{}, d.lock(ctx, job, false)
	case device.KindUnlock:
		return agent.Outcome{}, d.unlock(ctx)
	case device.KindLostModeOn:
		return agent.Outcome{}, d.lock(ctx, job, true)
	case device.KindLostModeOff:
		return agent.Outcome{}, d.update(func(m *memory) { m.LostMode, m.Message, m.Phone, m.Footnote = false, "", "", "" })
	case device.KindRing:
		return d.ring()
	case device.KindMessage:
		_, err := d.c.Run(ctx, "wall", "--nobanner", job.Text("text"))
		return agent.Outcome{}, err
	case device.KindCollectLogs:
		return d.logs(ctx)
	case device.KindConfig:
		return d.configure(job)
	case device.KindRemoveWorkData:
		return agent.Outcome{}, d.removeWorkData()
	case device.KindWipe:
		return agent.Outcome{}, d.wipe()
	case device.KindRestart:
		return d.restart(ctx)
	}
	return agent.Outcome{}, fmt.Errorf("%w: this Linux machine has no way to do %s", agent.ErrRefused, job.Kind.Words())
}

// locate says which access point the machine is on.
func (d *Driver) locate(ctx context.Context) (agent.Outcome, error) {
	n, err := d.network(ctx)
	if err != nil {
		return agent.Outcome{}, err
	}
	if n == nil {
		return agent.Outcome{}, errors.New("the machine is on no wireless network, so it does not know where it is")
	}
	return agent.Outcome{Detail: map[string]any{"ssid": n.SSID, "bssid": n.BSSID, "rssi_dbm": n.RSSIdBm}}, nil
}

// lock locks every session. The message is kept before the screens go dark, so
// that a lock screen can show it.
func (d *Driver) lock(ctx context.Context, job agent.Job, lost bool) error {
	err := d.update(func(m *memory) {
		m.Locked = true
		m.Message, m.Phone = job.Text("message"), job.Text("phone_number")
		if lost {
			m.LostMode, m.Footnote = true, job.Text("footnote")
		}
	})
	if err != nil {
		return err
	}
	_, err = d.c.Run(ctx, "loginctl", "lock-sessions")
	return err
}

func (d *Driver) unlock(ctx context.Context) error {
	if _, err := d.c.Run(ctx, "loginctl", "unlock-sessions"); err != nil {
		return err
	}
	return d.update(func(m *memory) { m.Locked = false })
}

// ring sounds the bell of every terminal and graphical console.
func (d *Driver) ring() (agent.Outcome, error) {
	rung := 0
	for _, pattern := range []string{"dev/tty[0-9]*", "dev/pts/[0-9]*"} {
		terminals, err := filepath.Glob(d.path(pattern))
		if err != nil {
			return agent.Outcome{}, err
		}
		for _, t := range terminals {
			f, err := os.OpenFile(t, os.O_WRONLY, 0)
			if err != nil {
				continue
			}
			_, err = f.WriteString("\a")
			if err = errors.Join(err, f.Close()); err == nil {
				rung++
			}
		}
	}
	if rung == 0 {
		return agent.Outcome{}, errors.New("there is no terminal whose bell could be rung")
	}
	return agent.Outcome{Detail: map[string]any{"terminals": rung}}, nil
}

func (d *Driver) logs(ctx context.Context) (agent.Outcome, error) {
	out, err := d.c.Run(ctx, "journalctl", "--unit", "wardline-agent", "--lines", strconv.Itoa(logLines), "--no-pager", "--output", "short-iso")
	if err != nil {
		return agent.Outcome{}, err
	}
	text := strings.ToValidUTF8(string(out[max(0, len(out)-logBytes):]), "")
	return agent.Outcome{Detail: map[string]any{"log": text}}, nil
}

// configure stores a document. Only what is really applied counts as in force:
// the lock-screen text, and what the operator said another program applies.
func (d *Driver) configure(job agent.Job) (agent.Outcome, error) {
	if job.Subkind != device.SubkindText && !slices.Contains(d.c.Applies, job.Subkind) {
		return agent.Outcome{}, fmt.Errorf("%w: nothing on this machine applies %q configuration", agent.ErrRefused, job.Subkind)
	}
	n, numbered := job.Args["version"].(float64)
	content, readable := job.Args["content"].(map[string]any)
	if !numbered || !readable {
		return agent.Outcome{}, errors.New("the document has no version or no content")
	}
	b, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		return agent.Outcome{}, fmt.Errorf("store the document: %w", err)
	}
	// The subkind is one of a fixed list, never a path.
	if err := replace(filepath.Join(d.c.Folder, "config-"+string(job.Subkind)+".json"), b); err != nil {
		return agent.Outcome{}, fmt.Errorf("store the document: %w", err)
	}
	version := strconv.FormatFloat(n, 'f', -1, 64)
	err = d.update(func(m *memory) { m.Configs[string(job.Subkind)] = version })
	return agent.Outcome{Detail: map[string]any{"version": version}}, err
}

// removeWorkData empties the work-data folder. It does not follow links out of
// it, and it is done only when nothing is left.
func (d *Driver) removeWorkData() error {
	if d.c.WorkData == "" {
		return fmt.Errorf("%w: no work-data folder is configured on this machine", agent.ErrRefused)
	}
	info, err := os.Lstat(d.c.WorkData)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the work data: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%w: the work-data folder has been replaced by something else", agent.ErrRefused)
	}
	root, err := os.OpenRoot(d.c.WorkData)
	if err != nil {
		return fmt.Errorf("open the work data: %w", err)
	}
	defer root.Close()
	names, err := os.ReadDir(d.c.WorkData)
	if err != nil {
		return fmt.Errorf("read the work data: %w", err)
	}
	var errs []error
	for _, n := range names {
		errs = append(errs, root.RemoveAll(n.Name()))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("remove the work data: %w", err)
	}
	return nil
}

// wipe removes the work data and everything this driver remembers. The agent
// forgets its identity once its final report is in. The machine itself is not
// erased.
func (d *Driver) wipe() error {
	if !d.c.AllowWipe {
		return fmt.Errorf("%w: a wipe is not allowed on this machine", agent.ErrRefused)
	}
	if err := d.removeWorkData(); err != nil {
		return err
	}
	documents, err := filepath.Glob(filepath.Join(d.c.Folder, "config-*.json"))
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range documents {
		errs = append(errs, os.Remove(f))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("remove the stored configuration: %w", err)
	}
	return d.update(func(m *memory) { *m = memory{Configs: map[string]string{}} })
}

func (d *Driver) restart(ctx context.Context) (agent.Outcome, error) {
	if !d.c.AllowRestart {
		return agent.Outcome{}, fmt.Errorf("%w: a restart is not allowed on this machine", agent.ErrRefused)
	}
	_, err := d.c.Run(ctx, "systemd-run", "--on-active="+strconv.Itoa(restartIn), "systemctl", "reboot")
	if err != nil {
		return agent.Outcome{}, err
	}
	return agent.Outcome{Detail: map[string]any{"restarts_in_seconds": restartIn}}, nil
}
