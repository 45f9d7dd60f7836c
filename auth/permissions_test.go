package auth_test

import (
	"encoding/csv"
	"os"
	"slices"
	"testing"
	"time"

	"wardline/auth"
	"wardline/device"
	"wardline/internal/fault"
)

type cell struct {
	permission auth.Permission
	role       auth.Role
}

// writtenByHand reads docs/permissions.csv.
func writtenByHand(t *testing.T) map[cell]string {
	t.Helper()
	f, err := os.Open("../docs/permissions.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	table := map[cell]string{}
	for n, line := range lines[1:] {
		for i, role := range lines[0][1:] {
			c := cell{auth.Permission(line[0]), auth.Role(role)}
			if _, twice := table[c]; twice {
				t.Errorf("docs/permissions.csv line %d: %s for %s stands there twice", n+2, c.permission, c.role)
			}
			table[c] = line[i+1]
		}
	}
	return table
}

// Flipping a cell on either side fails here and names the cell.
func TestTheRightsAreTheOnesWrittenByHand(t *testing.T) {
	byHand := writtenByHand(t)
	for _, permission := range auth.Permissions() {
		for _, role := range auth.Roles() {
			if _, ok := byHand[cell{permission, role}]; !ok {
				t.Errorf("%s for %s: in the code, missing in docs/permissions.csv", permission, role)
			}
		}
	}
	for c, want := range byHand {
		if !slices.Contains(auth.Permissions(), c.permission) || !slices.Contains(auth.Roles(), c.role) {
			t.Errorf("%s for %s: written by hand, missing in the code", c.permission, c.role)
		} else if got := string(auth.GrantOf(c.permission, c.role)); got != want {
			t.Errorf("%s for %s: the code says %q, docs/permissions.csv says %q", c.permission, c.role, got, want)
		}
	}
}

var today = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// person is somebody of a role, signed in to the console, without limits.
func person(roles ...auth.Role) auth.Principal {
	return auth.Principal{Account: "a-person", Username: "nina", Roles: roles, Session: "a-session", Audience: auth.AudienceAdmin,
		Factor: auth.FactorPasswordTOTP, HasSecondFactor: true, Now: today}
}

// Places to act on, by what they are to the person.
var (
	elsewhere = auth.Target{Class: device.ClassHandheldShared, Ward: "er", Owner: "bob"}
	targets   = map[string]auth.Target{
		"own":           {Class: device.ClassPhoneIssued, Owner: "Nina"},
		"ward's shared": {Class: device.ClassHandheldShared, Ward: "icu"},
		"ward's pump":   {Class: device.ClassPumpLVP, Ward: "icu"},
		"named":         {Class: device.ClassPumpLVP, Model: "alaris", Ward: "lab"},
		"elsewhere":     elsewhere,
	}
	everywhere = []string{"own", "ward's shared", "ward's pump", "named", "elsewhere"}
	reach      = map[string][]string{
		"": nil, "second": nil, "ask": everywhere, "ask_second": everywhere,
		"ask_own":   {"own", "ward's shared"},
		"ask_ward":  {"own", "ward's shared", "ward's pump"},
		"ask_named": {"named"},
	}
)

// differences are what Authorise and AuthoriseSecond answer otherwise than a word of
// the hand-written table says.
func differences(c cell, word string) (found []string) {
	p := person(c.role)
	p.Scope = auth.Scope{Wards: []device.PlaceID{"icu"}, Models: []device.ModelID{"alaris"}, Until: today.Add(time.Hour)}
	may, known := reach[word]
	if !known {
		found = append(found, "nobody knows the word")
	}
	if got := auth.Can(p, c.permission); got != (may != nil) {
		found = append(found, "at all")
	}
	for what, target := range targets {
		if got := auth.Authorise(p, c.permission, target) == nil; got != slices.Contains(may, what) {
			found = append(found, "on "+what)
		}
	}
	if c.permission == auth.FreezeLift {
		return found // two roles, tested below
	}
	seconds := word == "second" || word == "ask_second"
	other := auth.Asker{Account: "somebody-else", Session: "another-session"}
	if got := auth.AuthoriseSecond(p, c.permission, elsewhere, other) == nil; got != seconds {
		found = append(found, "as second person")
	}
	for _, self := range []auth.Asker{{Account: p.Account, Session: "another-session"}, {Account: "somebody-else", Session: p.Session}} {
		if auth.AuthoriseSecond(p, c.permission, elsewhere, self) == nil {
			found = append(found, "the second person to oneself")
		}
	}
	return found
}

// Every cell of the hand-written table is asked of Authorise and AuthoriseSecond.
func TestAuthoriseAnswersEveryCellAsWritten(t *testing.T) {
	for c, word := range writtenByHand(t) {
		for _, what := range differences(c, word) {
			t.Errorf("%s for %s is %q, and is answered otherwise: %s", c.permission, c.role, word, what)
		}
	}
}

// SAFETY 4's table of kinds, by hand: for each kind on each sort of device, the
// roles that may ask and the roles that may be the second person.
func TestWhoMayAskForWhatAndWhoMayAgree(t *testing.T) {
	const (
		it, biomed, helpdesk = auth.RoleIT, auth.RoleBiomed, auth.RoleHelpdesk
		security, supply     = auth.RoleSecurity, auth.RoleSupply
		clinician, vendor    = auth.RoleClinician, auth.RoleVendor
		pharmacist           = auth.RolePharmacist
	)
	type roles = []auth.Role
	phones := []device.Class{device.ClassPhoneIssued, device.ClassPhonePersonal, device.ClassHandheldShared, device.ClassTablet}
	pumps := []device.Class{device.ClassPumpLVP, device.ClassPumpSyringe, device.ClassPumpPCA}
	for _, c := range []struct {
		kinds       []device.Kind
		sub         device.Subkind
		classes     []device.Class
		ask, second roles
	}{
		{[]device.Kind{device.KindRefresh, device.KindCollectLogs, device.KindUnlock, device.KindUnstage, device.KindRenewCertificate}, "",
			append(phones, pumps...), roles{it, biomed, helpdesk, security, vendor}, nil},
		{[]device.Kind{device.KindLocate}, "", append(phones, pumps...), roles{it, biomed, helpdesk, security, supply, vendor}, nil},
		{[]device.Kind{device.KindLock, device.KindLostModeOn, device.KindLostModeOff, device.KindRing, device.KindMessage}, "",
			phones, roles{helpdesk, it, security, clinician}, roles{it, security}},
		{[]device.Kind{device.KindWipe, device.KindRemoveWorkData, device.KindClearPasscode}, "", phones, roles{it, security}, roles{security, it}},
		{[]device.Kind{device.KindRestart}, "", phones, roles{it}, roles{it, security}},
		{[]device.Kind{device.KindConfig}, device.SubkindWiFi, phones, roles{it}, roles{it, security}},
		{[]device.Kind{device.KindRestart, device.KindLock, device.KindRing, device.KindMessage}, "", pumps, roles{biomed}, roles{biomed, security}},
		{[]device.Kind{device.KindConfig}, device.SubkindPolicy, pumps, roles{biomed}, roles{biomed, security}},
		{[]device.Kind{device.KindWipe}, "", pumps, roles{biomed}, roles{biomed, it}},
		{[]device.Kind{device.KindLibrary, device.KindFirmware}, "", pumps, roles{biomed}, roles{biomed, pharmacist}},
		{[]device.Kind{device.KindContain}, "", phones, roles{security, it}, roles{security, biomed}},
		{[]device.Kind{device.KindContain}, "", append(pumps, device.ClassGateway), roles{security, biomed}, roles{security, biomed}},
	} {
		for _, kind := range c.kinds {
			for _, class := range c.classes {
				permission, ok := auth.PermissionForKind(kind, c.sub, class)
				if !ok {
					t.Errorf("%s on %s needs no right", kind, class)
					continue
				}
				// The clinician's own device, which is also the vendor's named one.
				target := auth.Target{Class: class, Model: "m", Owner: "nina"}
				for _, role := range auth.Roles() {
					p := person(role)
					p.Scope.Models, p.Scope.Until = []device.ModelID{"m"}, today.Add(time.Hour)
					if got := auth.AuthoriseKind(p, kind, c.sub, target) == nil; got != slices.Contains(c.ask, role) {
						t.Errorf("%s asks for %s on %s: %v", role, kind, class, got)
					}
					got := auth.AuthoriseSecond(p, permission, target, auth.Asker{Account: "x", Session: "y"}) == nil
					if got != slices.Contains(c.second, role) {
						t.Errorf("%s agrees to %s on %s: %v", role, kind, class, got)
					}
				}
			}
		}
	}
	if err := auth.AuthoriseKind(person(biomed), "dose", "", auth.Target{Class: device.ClassPumpLVP}); err == nil {
		t.Error("somebody may ask for a dose")
	}
}

func TestAFreezeIsLiftedByAnAdministratorAndASecurityOfficerTogether(t *testing.T) {
	second := func(mine, theirs auth.Role) bool {
		return auth.AuthoriseSecond(person(mine), auth.FreezeLift, auth.Anywhere, auth.Asker{Account: "x", Session: "y", Roles: []auth.Role{theirs}}) == nil
	}
	for _, c := range []struct {
		mine, theirs auth.Role
		want         bool
	}{
		{auth.RoleAdmin, auth.RoleSecurity, true}, {auth.RoleSecurity, auth.RoleAdmin, true},
		{auth.RoleAdmin, auth.RoleAdmin, false}, {auth.RoleSecurity, auth.RoleSecurity, false}, {auth.RoleIT, auth.RoleAdmin, false},
	} {
		if got := second(c.mine, c.theirs); got != c.want {
			t.Errorf("%s to %s: %v", c.mine, c.theirs, got)
		}
	}
}

func TestScopesNarrowEveryRole(t *testing.T) {
	code := func(err error) string {
		if f, ok := fault.As(err); ok {
			return f.Code.Name
		}
		return ""
	}
	north := auth.Target{Class: device.ClassPhoneIssued, Site: "north"}
	p := person(auth.RoleIT)
	p.Scope = auth.Scope{Sites: []device.PlaceID{"north"}, Classes: []device.Class{device.ClassPhoneIssued, device.ClassTablet}}
	for what, c := range map[string]struct {
		target     auth.Target
		permission auth.Permission
		want       string
	}{
		"inside":                   {north, auth.CommandsErasePersonal, ""},
		"another site":             {auth.Target{Class: device.ClassPhoneIssued, Site: "south"}, auth.CommandsErasePersonal, "out_of_scope"},
		"another class":            {auth.Target{Class: device.ClassHandheldShared, Site: "north"}, auth.CommandsErasePersonal, "out_of_scope"},
		"a device without a place": {auth.Target{Class: device.ClassPhoneIssued}, auth.CommandsErasePersonal, "out_of_scope"},
		"looking at another site":  {auth.Target{Class: device.ClassPhoneIssued, Site: "south"}, auth.DevicesRead, "not_found"},
		"the list":                 {auth.Anywhere, auth.DevicesRead, ""},
	} {
		if got := code(auth.Authorise(p, c.permission, c.target)); got != c.want {
			t.Errorf("%s: %q, not %q", what, got, c.want)
		}
	}
	south := person(auth.RoleSecurity)
	south.Scope.Sites = []device.PlaceID{"south"}
	if got := code(auth.AuthoriseSecond(south, auth.CommandsErasePersonal, north, auth.Asker{Account: "x"})); got != "out_of_scope" {
		t.Errorf("a second person of another site: %q", got)
	}
	if reach, ok := auth.ReachOf(p, auth.DevicesRead); !ok || reach.Unlimited() {
		t.Error("a list for one site needs no filter")
	}
	if reach, ok := auth.ReachOf(person(auth.RoleIT), auth.DevicesRead); !ok || !reach.Unlimited() {
		t.Error("a list for everything needs a filter")
	}
	if _, ok := auth.ReachOf(person(auth.RoleAdmin), auth.DevicesRead); ok {
		t.Error("an administrator reads devices")
	}
}

func TestAVendorReachesNamedModelsOnNamedDaysOnly(t *testing.T) {
	pump := auth.Target{Class: device.ClassPumpLVP, Model: "alaris"}
	good := auth.Scope{Models: []device.ModelID{"alaris"}, From: today, Until: today.Add(48 * time.Hour)}
	for what, c := range map[string]struct {
		change func(*auth.Scope, *auth.Principal)
		want   bool
	}{
		"on the day":      {func(*auth.Scope, *auth.Principal) {}, true},
		"the day before":  {func(_ *auth.Scope, p *auth.Principal) { p.Now = today.Add(-time.Second) }, false},
		"after the days":  {func(_ *auth.Scope, p *auth.Principal) { p.Now = today.Add(48 * time.Hour) }, false},
		"without an end":  {func(s *auth.Scope, _ *auth.Principal) { s.Until = time.Time{} }, false},
		"without a model": {func(s *auth.Scope, _ *auth.Principal) { s.Models = nil }, false},
		"another model":   {func(s *auth.Scope, _ *auth.Principal) { s.Models = []device.ModelID{"perfusor"} }, false},
	} {
		p, scope := person(auth.RoleVendor), good
		c.change(&scope, &p)
		p.Scope = scope
		if got := auth.AuthoriseKind(p, device.KindRefresh, "", pump) == nil; got != c.want {
			t.Errorf("%s: %v", what, got)
		}
	}
}

func TestASelfServiceSessionCannotDoWhatTheConsoleCan(t *testing.T) {
	p := person(auth.Roles()...)
	p.Audience = auth.AudiencePublic
	allowed := []auth.Permission{auth.DevicesCondition, auth.DevicesRead, auth.DevicesReportLost, auth.ModelsRead, auth.PlacesRead, auth.SelfDevices, auth.SelfHandhelds, auth.SelfManage, auth.SelfReportLost}
	if got := auth.PermissionsOf(p); !slices.Equal(got, allowed) {
		t.Errorf("from self-service one can %v", got)
	}
	p.Audience = ""
	if got := auth.PermissionsOf(p); len(got) != 0 {
		t.Errorf("without an audience one can %v", got)
	}
}

func TestFoundingLendsTheFirstAdministratorItAndBiomedAndNoMore(t *testing.T) {
	p := person(auth.RoleAdmin)
	wipe := func() error {
		return auth.AuthoriseKind(p, device.KindWipe, "", auth.Target{Class: device.ClassPhoneIssued})
	}
	if wipe() == nil {
		t.Error("an administrator wipes phones")
	}
	p.Founding = true
	if err := wipe(); err != nil {
		t.Error(err)
	}
	if auth.Can(p, auth.BreakGlassOpen) || p.Has(auth.RoleSecurity) {
		t.Error("founding lends the security officer's rights")
	}
}
