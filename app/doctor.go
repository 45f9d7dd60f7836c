package app

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"wardline/ca"
	"wardline/store"
)

// Finding is one thing that the doctor looked at.
type Finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	// Said is what was seen; Do is what to do about it when it is not OK.
	Said string `json:"said"`
	Do   string `json:"do"`
}

const lookupTimeout = 3 * time.Second

// diagnose looks at what makes a server fail in a hospital.
func (a *App) diagnose(ctx context.Context) []Finding {
	found := []Finding{a.checkDatabase(ctx), a.checkClock(ctx)}
	for _, u := range []struct{ flag, value, scheme string }{
		{"--admin-url", a.o.AdminURL, "https"}, {"--public-url", a.o.PublicURL, "https"},
		{"--device-url", a.o.DeviceURL, "https"}, {"--pki-url", a.o.PKIURL, "http"},
	} {
		found = append(found, checkAddress(ctx, u.flag, u.value, u.scheme))
	}
	for _, role := range []ca.Role{ca.RoleRoot, ca.RoleIssuing, ca.RoleRA, ca.RoleCommand, ca.RoleOCSP} {
		c := a.authority.Certificate(role)
		left := c.NotAfter.Sub(a.clock())
		found = append(found, Finding{What: "certificate " + string(role), OK: left > 0,
			Said: fmt.Sprintf("ends in %d days", int(left.Hours()/24)), Do: "Start the server: it renews its own certificates."})
	}
	for _, role := range []ca.Role{ca.RoleRoot, ca.RoleIssuing} {
		found = append(found, a.checkCRL(role))
	}
	return append(found, a.checkFolder())
}

func (a *App) checkDatabase(ctx context.Context) Finding {
	f := Finding{What: "database", Said: string(a.store.Engine()), OK: true}
	if err := a.store.Ping(ctx); err != nil {
		f.OK, f.Said = false, err.Error()
		f.Do = "Start the database, and check --database."
	}
	if a.store.Engine() == store.Postgres && !a.hub.Trusted() {
		f.Said += ", notifications not heard from this process"
	}
	return f
}

// clockTolerance is the jump of SAFETY 1.
const clockTolerance = 5 * time.Minute

func (a *App) checkClock(ctx context.Context) Finding {
	f := Finding{What: "clock", Do: "Synchronise the clocks of this machine and of the database server (NTP)."}
	now, err := a.store.Now(ctx)
	if err != nil {
		f.Said = err.Error()
		return f
	}
	off := a.clock().Sub(now).Round(time.Second)
	f.OK = off.Abs() < clockTolerance
	f.Said = fmt.Sprintf("%s apart from the database's", off.Abs())
	return f
}

func checkAddress(ctx context.Context, flag, value, scheme string) Finding {
	f := Finding{What: flag, Do: "Set " + flag + " to " + scheme + "://NAME, a name that devices and people can resolve."}
	if value == "" {
		f.Said = "not set: no invitation and no certificate that needs it is made"
		return f
	}
	f.Said = value
	host := hostOf(value)
	if err := ca.CheckAddress(flag, value, false, scheme); err != nil {
		f.Said = value + ": " + strings.TrimSuffix(err.Error(), ".")
		return f
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	if _, err := net.DefaultResolver.LookupHost(ctx, host); err != nil {
		f.Said = fmt.Sprintf("%s: this machine cannot resolve %s", value, host)
		f.Do = "Add the name to the DNS that devices use."
		return f
	}
	f.OK = true
	return f
}

func (a *App) checkCRL(role ca.Role) Finding {
	f := Finding{What: "revocation list of the " + string(role) + " CA", Do: "Start the server: it publishes the list. RADIUS refuses every device once it has ended."}
	list, err := a.authority.CRL(role)
	if err != nil {
		f.Said = "there is none yet"
		return f
	}
	left := list.NextUpdate.Sub(a.clock())
	f.OK = left > 0
	f.Said = fmt.Sprintf("number %d, good for %s", list.Number, left.Round(time.Hour))
	return f
}

// checkFolder writes and removes a file: a full or read-only disk shows there.
func (a *App) checkFolder() Finding {
	f := Finding{What: "data folder", Said: a.o.Data, OK: true}
	probe := filepath.Join(a.o.Data, ".doctor")
	if err := os.WriteFile(probe, make([]byte, 1<<20), 0o600); err != nil {
		f.OK, f.Said, f.Do = false, err.Error(), "Free space on the disk, or give the folder to the user that runs the server."
		return f
	}
	if err := os.Remove(probe); err != nil {
		f.OK, f.Said, f.Do = false, err.Error(), "Give the folder to the user that runs the server."
	}
	return f
}
