package e2e

import (
	"testing"

	"wardline/agent"
)

// TestKilledInEveryStateOfACommand kills the server, then the agent, with kill -9
// in each state of a command. Nothing that was acknowledged is lost, nothing is
// done twice, and what the server says in the end is what the agent's journal
// says.
func TestKilledInEveryStateOfACommand(t *testing.T) {
	engines(t, func(t *testing.T, dsn string) {
		h := openHospital(t, dsn)
		k := &killing{t: t, h: h, phone: h.devices("phone_issued", "K-1")}
		k.phone.start()
		k.id = h.heard(h.it, "K-1").ID
		k.killTheServer()
		k.killTheAgent()
		k.killTheAgentDuringAWipe()
		h.server.wholeAudit()
	})
}

type killing struct {
	t     *testing.T
	h     *hospital
	phone *fleet
	id    string
}

func (k *killing) killTheServer() {
	h, phone := k.h, k.phone
	reborn := func() { h.server.kill(); h.net.release(); h.restart() }

	phone.handle("K-1", map[string]any{"online": false})
	c := h.it.asks(k.id, "lock", nil)
	reborn()
	if now := h.it.command(c.ID); now.State != "queued" {
		k.t.Errorf("killed while it was queued, it is %s", now.State)
	}
	phone.handle("K-1", map[string]any{"online": true})
	k.endsWell(c.ID)

	h.server.holdsAPoll()
	phone.freeze()
	c = h.it.asks(k.id, "unlock", nil)
	h.it.becomes(c.ID, "delivered")
	reborn()
	phone.thaw()
	k.endsWell(c.ID)

	c = k.accepted("ring")
	reborn()
	k.endsWell(c.ID)

	c = h.it.asks(k.id, "message", map[string]any{"args": map[string]string{"text": "Good morning"}})
	h.it.becomes(c.ID, "succeeded")
	reborn()
	k.staysSo(c.ID, "succeeded")
}

func (k *killing) killTheAgent() {
	h, phone := k.h, k.phone
	reborn := func() { phone.kill(); h.net.release(); phone.start() }

	phone.kill()
	c := h.it.asks(k.id, "lock", nil)
	if c.State != "queued" {
		k.t.Errorf("for a dead agent a command is %s", c.State)
	}
	phone.start()
	k.endsWell(c.ID)

	h.server.holdsAPoll()
	phone.freeze()
	c = h.it.asks(k.id, "unlock", nil)
	h.it.becomes(c.ID, "delivered")
	reborn()
	k.endsWell(c.ID)

	c = k.accepted("ring")
	reborn()
	ended := h.it.becomes(c.ID, "failed", "succeeded")
	phone.agrees("K-1", ended)
	if ended.State != "failed" || phone.look("K-1").times(c.ID) != 0 {
		k.t.Errorf("killed before it began, an order is not taken up again; it is %s", ended.State)
	}

	c = h.it.asks(k.id, "message", map[string]any{"args": map[string]string{"text": "Good evening"}})
	h.it.becomes(c.ID, "succeeded")
	reborn()
	k.staysSo(c.ID, "succeeded")
}

func (k *killing) killTheAgentDuringAWipe() {
	h, phone := k.h, k.phone
	held := h.net.holdAnswerToNextRequest()
	c := h.it.destroys(k.id, "wipe")
	<-held
	eventually(k.t, "the server has the receipt of the wipe", func() bool { return h.it.command(c.ID).Outcome == "erase_started" })
	phone.kill()
	h.net.release()
	if d := phone.remembers("K-1"); d.Wiped {
		k.t.Fatal("it was erased before its acceptance had been settled")
	}
	phone.start()
	eventually(k.t, "a wipe that was taken on is finished after a kill", func() bool { return phone.look("K-1").Wiped })
	if n := phone.look("K-1").times(c.ID); n != 1 {
		k.t.Errorf("the wipe was carried out %d times", n)
	}
	eventually(k.t, "the erased phone has no key any more", func() bool { return copyOf(phone.folderOf("K-1")) == "" })
}

// accepted asks for something and returns when the server has stored that the
// device accepted it, while the device has not heard that yet.
func (k *killing) accepted(kind string) order {
	k.t.Helper()
	held := k.h.net.holdAnswerToNextRequest()
	c := k.h.it.asks(k.id, kind, nil)
	<-held
	c = k.h.it.becomes(c.ID, "accepted")
	if events := k.phone.journal("K-1", c.ID); wrote(events, agent.EventMarked) != 1 || wrote(events, agent.EventActing) != 0 {
		k.t.Fatalf("the journal says %s, want that it is marked and not begun", story(events))
	}
	return c
}

func (k *killing) endsWell(id string) {
	k.t.Helper()
	k.phone.agrees("K-1", k.h.it.becomes(id, "succeeded"))
}

// staysSo looks at a command that has ended when the device has been heard again.
func (k *killing) staysSo(id, state string) {
	k.t.Helper()
	k.endsWell(k.h.it.asks(k.id, "locate", nil).ID)
	c := k.h.it.command(id)
	if c.State != state {
		k.t.Errorf("it had ended as %s and is %s now", state, c.State)
	}
	k.phone.agrees("K-1", c)
}
