//go:build !race

package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"wardline/auth"
	"wardline/device"
)

// sweep tries every operation of docs/openapi.json with one credential. Paths get
// ids that exist, bodies are made from the description, and words that mean
// something get the value that an attacker would give them.
type sweep struct {
	d   *drill
	doc apiDescription
	// known are ids that exist, by the list that shows them: "/devices".
	known map[string][]string
	// tried counts requests by operation and status.
	tried map[string]map[int]int
	n     int
	// code is a one-time code, for the attacker who has some; nil: a guess.
	code func() string
	// userCode is a step-up that was begun.
	userCode string
	// reader reads what attackers would have read: versions, and what a token can
	// be given.
	reader *person
	// outside is the attacker's session of self-service.
	outside      *person
	outsideSince time.Time
	tokenCan     []any
}

type apiDescription struct {
	Paths      map[string]map[string]apiOperation `json:"paths"`
	Components struct {
		Schemas map[string]*apiSchema `json:"schemas"`
	} `json:"components"`
}

type apiOperation struct {
	ID         string `json:"operationId"`
	Parameters []struct {
		Name     string     `json:"name"`
		In       string     `json:"in"`
		Required bool       `json:"required"`
		Schema   *apiSchema `json:"schema"`
	} `json:"parameters"`
	Body struct {
		Content map[string]struct {
			Schema *apiSchema `json:"schema"`
		} `json:"content"`
	} `json:"requestBody"`
}

type apiSchema struct {
	Ref        string                `json:"$ref"`
	Type       any                   `json:"type"`
	Enum       []any                 `json:"enum"`
	Properties map[string]*apiSchema `json:"properties"`
	Items      *apiSchema            `json:"items"`
	Minimum    *float64              `json:"minimum"`
	Format     string                `json:"format"`
}

// hurtful are the operations that would cost the attacker the credential or stop
// everybody: they are tried last.
var hurtful = []string{"cancel_command", "cancel_batch", "approve_lift", "lift_freeze", "set_freeze", "cancel_all", "refresh",
	"make_recovery_codes", "remove_factor", "confirm_totp", "change_password", "revoke_token", "end_session", "logout"}

func newSweep(d *drill) *sweep {
	d.t.Helper()
	s := &sweep{d: d, known: map[string][]string{}, tried: map[string]map[int]int{}}
	text, err := os.ReadFile("../docs/openapi.json")
	d.must(err)
	d.must(json.Unmarshal(text, &s.doc))
	s.furnish()
	return s
}

// furnish makes one of everything that a path can name.
func (s *sweep) furnish() {
	d := s.d
	made := func(p *person, path string, body any) string {
		d.t.Helper()
		return d.call(p, http.MethodPost, path, body).is(http.StatusCreated).text("id")
	}
	for _, v := range []*victim{d.fleet[0], d.fleet[len(d.fleet)-1]} {
		s.knows("/devices", string(v.ID))
	}
	s.knows("/models", string(d.clinic.PhoneModel))
	s.knows("/models", string(d.clinic.PumpModel))
	s.knows("/places", made(d.ina, "/places", map[string]any{"kind": "site", "name": "North"}))
	text := made(d.ina, "/configurations", map[string]any{"subkind": "text", "name": "Lock screen", "content": map[string]any{"message": "Please return"}})
	s.knows("/configurations", text)
	s.knows("/assignments", made(d.ina, "/assignments", map[string]any{"document_id": text, "selector": map[string]any{"tag": "nowhere"}}))
	s.knows("/invitations", made(d.ina, "/invitations", map[string]any{"class": "phone_issued", "owner": "Grace"}))
	s.knows("/deliveries", made(d.bea, "/deliveries", map[string]any{"name": "A pallet", "class": "pump_lvp", "model": d.clinic.PumpModel, "serials": []string{"NEW-1"}}))
	d.call(d.ina, http.MethodPut, "/access-points/02:57:4c:00:00:01", map[string]any{"place_id": d.clinic.Workshop}).is(http.StatusOK)
	s.knows("/access-points", "02:57:4c:00:00:01")
	waits := d.call(d.bea, http.MethodPost, "/devices/"+string(d.fleet[len(d.fleet)-1].ID)+"/commands", map[string]any{"kind": "firmware",
		"args": map[string]any{"name": "LVP firmware", "version": "9.1", "sha256": strings.Repeat("e3", 32)}}).is(http.StatusCreated)
	s.knows("/commands", waits.text("id"))
	s.known["order_hash"] = []string{waits.text("order_hash")}
	batch := d.call(d.ina, http.MethodPost, "/batches", map[string]any{"kind": "locate", "devices": []device.ID{d.fleet[0].ID}}).is(http.StatusCreated)
	s.knows("/batches", batch.text("id"))
	s.known["orders_hash"] = []string{batch.text("orders_hash")}
	s.knows("/tokens", made(d.ina, "/tokens", map[string]any{"name": "ours", "expires_in_days": 300, "permissions": []string{"devices.read"}}))
	s.knows("/freezes", made(d.sam, "/freezes", map[string]any{"scope": "person", "scope_id": "bea", "reason": "a drill of a drill"}))
	raise := d.call(d.boss, http.MethodPatch, "/limits", map[string]any{"id": "destructive_person_hour", "number": 500, "reason": "a drill"}).is(http.StatusOK)
	s.knows("/limits/changes", raise.text("changes.0.id"))
	for _, p := range []*person{d.ina, d.sam, d.bea, d.boss} {
		s.knows("/accounts", string(p.id))
	}
	s.reader = d.person("aud", auth.RoleAuditor)
	of := "/accounts/" + string(d.bea.id)
	d.call(d.boss, http.MethodPatch, of, map[string]any{"roles": []string{"biomed", "it"}}, s.version(of)).is(http.StatusOK)
	s.known["/account-changes"] = d.call(d.sam, http.MethodGet, "/account-changes", nil).is(http.StatusOK).items("id")
	for _, none := range []string{"/enrollment-requests", "/recoveries"} {
		s.knows(none, "01890000-0000-7000-8000-000000000001")
	}
	s.knows("/auth/factors", "totp")
}

// version is the header of an update of what is there now.
func (s *sweep) version(path string) header {
	s.reader.signInAgain()
	return header{"If-Match": s.d.call(s.reader, http.MethodGet, path, nil).header.Get("ETag")}
}

// signInAgain signs in when the access token has run out.
func (p *person) signInAgain() {
	if p.h.call(p, http.MethodGet, "/auth/me", nil).status != http.StatusOK {
		p.signsInWith(p.otp())
	}
}

func (s *sweep) knows(list, id string) {
	if id == "" {
		s.d.t.Fatalf("there is none of %s", list)
	}
	s.known[list] = append(s.known[list], id)
}

// everything tries every operation, apart from those that hurt the attacker.
func (s *sweep) everything(p *person) {
	s.over(p, func(id string) bool { return !slices.Contains(hurtful, id) })
}

// whatHurtsTheAttacker tries those, the end of the session last.
func (s *sweep) whatHurtsTheAttacker(p *person) {
	for _, next := range hurtful {
		s.over(p, func(id string) bool { return id == next })
	}
}

func (s *sweep) over(p *person, which func(id string) bool) {
	s.d.t.Helper()
	s.tokenCan, s.known["/sessions"] = nil, s.d.call(p, http.MethodGet, "/sessions", nil).items("id")
	if len(s.known["/sessions"]) == 0 {
		s.known["/sessions"] = []string{"others"}
	}
	if can, _ := s.d.call(p, http.MethodGet, "/auth/me", nil).at("token_permissions").([]any); len(can) > 0 {
		s.tokenCan = can
	}
	for _, path := range sorted(s.doc.Paths) {
		for _, method := range sorted(s.doc.Paths[path]) {
			op := s.doc.Paths[path][method]
			if which(op.ID) {
				s.try(p, strings.ToUpper(method), strings.TrimPrefix(path, prefix), op)
			}
		}
	}
}

// try sends the requests that an attacker would think of for one operation.
func (s *sweep) try(p *person, method, path string, op apiOperation) {
	s.d.t.Helper()
	for _, target := range s.targets(path) {
		query := ""
		for _, parameter := range op.Parameters {
			if parameter.In == "query" && parameter.Required {
				query = "?" + parameter.Name + "=curious"
			}
		}
		for _, body := range s.bodies(op) {
			headers := []header{}
			for _, parameter := range op.Parameters {
				if parameter.Name == "If-Match" {
					headers = append(headers, s.version(target))
				}
			}
			a := s.d.call(s.as(p, target), method, target+query, body, headers...)
			if a.status >= http.StatusInternalServerError {
				s.d.t.Errorf("%s %s is answered %d: %s", method, target, a.status, a.raw)
			}
			if code := a.text("user_code"); code != "" {
				s.userCode = code
			}
			if s.tried[op.ID] == nil {
				s.tried[op.ID] = map[int]int{}
			}
			s.tried[op.ID][a.status]++
		}
	}
}

// as is the person on the listener that has the path: with a session of
// self-service, or of one report, when the attacker can open one.
func (s *sweep) as(p *person, path string) *person {
	s.d.t.Helper()
	if !strings.HasPrefix(path, "/self/") || p.username == "" {
		return p
	}
	if now := s.d.clock.Now(); s.outside == nil || now.Sub(s.outsideSince) > 9*time.Minute {
		s.outside, s.outsideSince = &person{h: s.d.public, username: p.username}, now
		body := map[string]any{"username": p.username, "password": password}
		if s.code != nil {
			body["otp"] = s.code()
		}
		a := s.d.call(nil, http.MethodPost, "/self/sign-in", body)
		if a.status != http.StatusOK {
			a = s.d.call(nil, http.MethodPost, "/auth/lost", map[string]any{"username": p.username, "password": password})
		}
		s.outside.token = a.text("access_token")
	}
	return s.outside
}

// targets fills in the path.
func (s *sweep) targets(path string) []string {
	list, rest, found := strings.Cut(path, "/{")
	if !found {
		return []string{path}
	}
	name, tail, _ := strings.Cut(rest, "}")
	ids := s.known[list]
	if name == "user_code" {
		ids = []string{s.userCode}
		if s.userCode == "" {
			ids[0] = "BCDF-GHJK"
		}
	}
	if len(ids) == 0 {
		ids = s.known[list[strings.LastIndex(list, "/"):]] // such as /self/devices
	}
	if len(ids) == 0 {
		ids = []string{"01890000-0000-7000-8000-000000000001"}
	}
	tail = strings.ReplaceAll(tail, "{kind}", "lost")
	var out []string
	for _, id := range ids {
		out = append(out, list+"/"+id+tail)
	}
	return out
}

// bodies are the bodies worth sending: one of each kind of command, or one.
func (s *sweep) bodies(op apiOperation) []any {
	if _, isCSV := op.Body.Content["text/csv"]; isCSV {
		if op.ID == "import_access_points" {
			return []any{csvFile("bssid,name,place\n02:57:4c:00:00:01,AP,Workshop\n")}
		}
		return []any{csvFile(fmt.Sprintf("serial,model,management\nevil%d,Phonemaker P 1,record\n", s.fresh()))}
	}
	content, ok := op.Body.Content["application/json"]
	if !ok {
		return []any{nil}
	}
	if op.ID != "request_command" && op.ID != "request_batch" && op.ID != "hold_device" {
		return []any{s.value("", content.Schema)}
	}
	var out []any
	kind := s.resolve(s.resolve(content.Schema).Properties["kind"])
	for _, k := range kind.Enum {
		body := s.value("", content.Schema).(map[string]any)
		body["kind"] = k
		delete(body, "subkind")
		if k == "config" {
			body["subkind"] = "policy"
		}
		body["args"] = argsOf(device.Kind(k.(string)))
		if op.ID == "hold_device" {
			delete(body, "args")
		}
		out = append(out, body)
	}
	return out
}

// argsOf are good arguments of a kind of command.
func argsOf(kind device.Kind) map[string]any {
	switch kind {
	case device.KindMessage:
		return map[string]any{"text": "ours now"}
	case device.KindLostModeOn:
		return map[string]any{"message": "ours now"}
	case device.KindConfig:
		return map[string]any{"document_id": "d", "version": 1, "content": map[string]any{}}
	case device.KindRevoke:
		return map[string]any{"beyond_reach": true}
	case device.KindLibrary, device.KindFirmware:
		return map[string]any{"name": "ours", "version": "1", "sha256": strings.Repeat("ab", 32)}
	}
	return map[string]any{}
}

func (s *sweep) resolve(schema *apiSchema) *apiSchema {
	for schema != nil && schema.Ref != "" {
		schema = s.doc.Components.Schemas[schema.Ref[strings.LastIndex(schema.Ref, "/")+1:]]
	}
	return schema
}

// value makes a value of a schema; name is the member that it is for.
func (s *sweep) value(name string, schema *apiSchema) any {
	schema = s.resolve(schema)
	if v, ok := s.meant(name); ok {
		return v
	}
	switch {
	case schema == nil:
		return map[string]any{}
	case len(schema.Properties) > 0:
		out := map[string]any{}
		for member, inner := range schema.Properties {
			if narrows := member == "scope" && len(s.resolve(inner).Properties) > 0; !narrows && !slices.Contains(leftOut, member) {
				out[member] = s.value(member, inner)
			}
		}
		return out
	case schema.Items != nil:
		if items := s.resolve(schema.Items); len(items.Enum) > 0 {
			return items.Enum
		}
		return []any{s.value(strings.TrimSuffix(name, "s"), schema.Items)}
	case slices.Contains(schema.Enum, any("site")) && slices.Contains(schema.Enum, any("floor")):
		return "site" // the kind of a place
	case len(schema.Enum) > 0:
		return schema.Enum[len(schema.Enum)-1]
	}
	switch schema.Type {
	case "boolean":
		return false
	case "integer", "number":
		if schema.Minimum != nil {
			return max(*schema.Minimum, 60)
		}
		return 60
	case "object":
		return map[string]any{}
	}
	return "ours now"
}

// leftOut are members that would narrow what is asked, or name what nobody has.
var leftOut = []string{"passkey", "sites", "classes", "models", "wards", "expires_in_minutes", "hold_until_idle", "udi", "imei", "mac",
	"delivery_id", "scope_id", "unassign", "publish", "account_change", "batch_id", "user_code", "vouch", "factors", "outside", "parent_id"}

func (s *sweep) fresh() int {
	s.n++
	return s.n
}

// meant are members whose name says what an attacker would put there.
func (s *sweep) meant(name string) (any, bool) {
	fresh := fmt.Sprintf("evil%d", s.fresh())
	first := func(list string) (any, bool) { return s.known[list][0], true }
	switch name {
	case "username", "serial", "asset_tag":
		return fresh, true
	case "name", "maker":
		return fresh, true
	case "serials":
		return []string{fresh}, true
	case "password", "present":
		return password, true
	case "new":
		return "a password of the thief", true
	case "otp":
		if s.code != nil {
			return s.code(), true
		}
		return "000000", true
	case "token":
		return "wls_" + strings.Repeat("A", 43), true
	case "device_id":
		return first("/devices")
	case "devices":
		return []string{s.known["/devices"][0]}, true
	case "order_hash", "orders_hash":
		return first(name)
	case "document_id":
		return first("/configurations")
	case "model":
		return first("/models")
	case "place_id":
		return first("/places")
	case "assign":
		return first("/configurations")
	case "subkind":
		return "text", true
	case "selector":
		return map[string]any{"class": "phone_issued"}, true
	case "roles":
		return []string{"admin", "it", "security"}, true
	case "permissions":
		if s.tokenCan != nil {
			return s.tokenCan, true
		}
		return []string{"devices.read"}, true
	case "approve", "disabled":
		return name == "approve", true
	case "id":
		return "destructive_person_hour", true
	case "number":
		return 1000, true
	case "class":
		return "phone_issued", true
	case "management":
		return "agent", true
	case "stage":
		return "received", true
	case "expires_in_days":
		return 300, true
	case "expires_in_hours":
		return 24, true
	case "phone_number":
		return "+31 20 555 0123", true
	case "minutes":
		return 60, true
	case "content":
		return map[string]any{"message": "ours now"}, true
	}
	return nil, false
}

// covered fails the drill unless every operation of the description was tried.
func (s *sweep) covered() {
	s.d.t.Helper()
	for path, methods := range s.doc.Paths {
		for method, op := range methods {
			if len(s.tried[op.ID]) == 0 {
				s.d.t.Errorf("%s %s (%s) was not tried", method, path, op.ID)
			}
		}
	}
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
