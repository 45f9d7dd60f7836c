package e2e

import (
	"path/filepath"
	"testing"
	"time"

	"wardline/store/storetest"
)

// TestTwoServersOnOneDatabaseAreEquals: what is asked on one reaches a poll that
// the other holds, and when one dies the device goes on with the other.
func TestTwoServersOnOneDatabaseAreEquals(t *testing.T) {
	t.Parallel()
	h := openHospital(t, storetest.PostgresDSN(t))
	one := h.server
	two := newServer(t, one.dsn)
	two.masterKey = filepath.Join(one.data, "master.key")
	two.start()
	phones := h.devices("phone_issued", "P-1")
	phones.start() // its poll is held by the first server
	id := h.heard(h.it, "P-1").ID

	// People go to the second one.
	h.admin = two.admin
	asked := time.Now()
	c := h.it.asks(id, "lock", nil)
	within(t, 10*time.Second, "the lock reaches the poll that the other server holds", func() bool { return phones.look("P-1").Locked })
	t.Logf("the phone was locked %s after the click on the other server", time.Since(asked).Round(time.Millisecond))
	phones.agrees("P-1", h.it.becomes(c.ID, "succeeded"))

	one.kill()
	h.net.to(two.device)
	c = h.it.asks(id, "unlock", nil)
	eventually(t, "the phone goes on with the server that is left", func() bool { return !phones.look("P-1").Locked })
	phones.agrees("P-1", h.it.becomes(c.ID, "succeeded"))
	two.wholeAudit()
}
