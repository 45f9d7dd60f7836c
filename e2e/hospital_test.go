package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hospital is a server with people, places and models, as a first administrator
// and their colleagues set it up, and the network to its devices.
type hospital struct {
	t      *testing.T
	server *server
	net    *forwarder
	http   *http.Client
	admin  string // the console's address that people use now
	pin    string // the root's fingerprint, as it stands on every invitation

	boss, it, biomed, second *person
	ward, supply             string            // ids of places
	models                   map[string]string // id by class
}

// Access points of the simulated hospital that wardline-agent knows.
const (
	wardBSSID   = "02:57:4c:04:01:01"
	supplyBSSID = "02:57:4c:00:02:01"
)

// openHospital starts a server on an empty folder and furnishes it.
func openHospital(t *testing.T, dsn string) *hospital {
	t.Helper()
	s := newServer(t, dsn)
	s.start()
	h := &hospital{t: t, server: s, net: newForwarder(t), http: browser(t, s.root()), models: map[string]string{}}
	h.at(s)
	h.boss = &person{t: t, h: h, username: "admin"}
	h.boss.login()
	h.it, h.biomed = h.hires("it", "it"), h.hires("engineer", "biomed")
	h.second = h.hires("other.engineer", "biomed")
	h.longAgo()
	h.furnish()
	return h
}

// at makes people and devices use this server.
func (h *hospital) at(s *server) {
	h.admin = s.admin
	h.net.to(s.device)
}

// restart starts the server again, after it was stopped or killed.
func (h *hospital) restart() {
	h.t.Helper()
	h.server.start()
	h.http.CloseIdleConnections()
	h.at(h.server)
}

// hires makes an account, by the administrator, and signs in with it.
func (h *hospital) hires(username, role string) *person {
	h.t.Helper()
	h.boss.may(http.MethodPost, "/accounts", map[string]any{"username": username, "name": username, "roles": []string{role}, "password": password}, nil)
	p := &person{t: h.t, h: h, username: username}
	p.login()
	p.authenticator()
	return p
}

type made struct {
	ID string `json:"id"`
}

func (h *hospital) furnish() {
	h.t.Helper()
	place := func(kind, parent, name string, care bool) string {
		var m made
		h.it.may(http.MethodPost, "/places", map[string]any{"kind": kind, "parent_id": parent, "name": name, "care_area": care}, &m)
		return m.ID
	}
	site := place("site", "", "Example General Hospital", false)
	building := place("building", site, "Main building", false)
	floor := place("floor", building, "Floor 4", false)
	h.ward = place("ward", floor, "4 North, Surgery", true)
	h.supply = place("ward", floor, "Central supply", false)
	for bssid, at := range map[string]string{wardBSSID: h.ward, supplyBSSID: h.supply} {
		h.it.may(http.MethodPut, "/access-points/"+url.PathEscape(bssid), map[string]string{"name": "AP", "place_id": at}, nil)
	}
	h.model(h.biomed, "pump_lvp", "Example Medical", "LV-1", "refresh locate collect_logs unlock unstage renew_certificate ring message config library firmware restart lock wipe contain")
	h.model(h.it, "phone_issued", "Placeholder Mobile", "P7", "refresh locate collect_logs unlock renew_certificate ring message config restart lock wipe contain lost_mode_on lost_mode_off clear_passcode remove_work_data")
}

func (h *hospital) model(by *person, class, maker, name, can string) {
	h.t.Helper()
	var m made
	by.may(http.MethodPost, "/models", map[string]any{"class": class, "maker": maker, "name": name, "capabilities": strings.Fields(can),
		"wipe_erases": "Everything.", "network_cut": "safe", "network_cut_source": "the maker"}, &m)
	h.models[class] = m.ID
}

// invite makes an invitation for one serial number and returns its code.
func (h *hospital) invite(class, serial string) string {
	h.t.Helper()
	by, at := h.biomed, h.ward
	if class == "phone_issued" {
		by, at = h.it, h.supply
	}
	var i struct {
		Code string `json:"code"`
		Pin  string `json:"ca_fingerprint"`
	}
	by.may(http.MethodPost, "/invitations", map[string]any{"class": class, "serial": serial, "model": h.models[class], "place_id": at}, &i)
	if i.Code == "" || i.Pin == "" {
		h.t.Fatalf("the invitation of %s has no code or no fingerprint", serial)
	}
	h.pin = i.Pin
	return i.Code
}

// devices are simulated devices of one class, invited and not started.
func (h *hospital) devices(class string, serials ...string) *fleet {
	h.t.Helper()
	f := &fleet{t: h.t, class: class, state: filepath.Join(h.t.TempDir(), "devices"), connect: h.net.addr}
	f.codes = filepath.Join(h.t.TempDir(), "serials")
	var lines strings.Builder
	for _, s := range serials {
		fmt.Fprintf(&lines, "%s %s\n", s, h.invite(class, s))
	}
	f.pin = h.pin
	check(h.t, os.WriteFile(f.codes, []byte(lines.String()), 0o600))
	return f
}

// record is a device as the server shows it.
type record struct {
	ID         string `json:"id"`
	Serial     string `json:"serial"`
	Version    int    `json:"version"`
	Enrollment string `json:"enrollment_id"`
	Stage      string `json:"stage"`
	Location   *fix   `json:"location"`
	Therapy    *struct {
		State    string `json:"state"`
		Reported string `json:"reported"`
	} `json:"therapy"`
	LastSeen    *string `json:"last_seen_at"`
	Certificate *struct {
		Status      string `json:"status"`
		Fingerprint string `json:"fingerprint"`
	} `json:"certificate"`
}

// record finds a device by its serial number.
func (h *hospital) record(by *person, serial string) record {
	h.t.Helper()
	var page struct {
		Items []record `json:"items"`
	}
	by.may(http.MethodGet, "/devices?q="+url.QueryEscape(serial), nil, &page)
	for _, r := range page.Items {
		if r.Serial == serial {
			var whole record
			by.may(http.MethodGet, "/devices/"+r.ID, nil, &whole)
			return whole
		}
	}
	h.t.Fatalf("no device has the serial number %s", serial)
	return record{}
}

// heard waits until the server has heard from a device.
func (h *hospital) heard(by *person, serial string) record {
	h.t.Helper()
	var r record
	eventually(h.t, serial+" has reported", func() bool {
		r = h.record(by, serial)
		return r.LastSeen != nil && (r.Therapy == nil || r.Therapy.Reported != "")
	})
	return r
}
