package auth

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardline/audit"
	"wardline/device"
)

// The rule in a few words, kept by a model that knows nothing of the code: a
// role destroys when it was confirmed by another than its giver, and when its
// time has passed since it was given. The time is what it was at the
// confirmation. Whatever is done in whatever order, the two agree.
func TestCoolingOffHoldsUnderAnyOrderOfEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type held struct {
			given, good time.Time // good: zero until somebody confirms
			by          string
		}
		model := map[Role]*held{}
		now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
		person := Person{Account: Account{ID: "new", Name: "New", Username: "new", HasSecondFactor: true, Roles: []Role{RoleHelpdesk}}}
		few := func() int { return rapid.IntRange(0, 5).Draw(t, "approvers") }
		change := func(by string, c AccountChange) {
			ch, err := c.apply(audit.Actor{ID: by}, person, Standing{Now: now, OtherAdmins: 1, Approvers: 5, OtherApprovers: 5})
			if err != nil {
				t.Fatal(err)
			}
			person = ch.Person
		}
		t.Repeat(map[string]func(*rapid.T){
			"time passes": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(1, 30).Draw(t, "hours")) * time.Hour)
			},
			"roles are set": func(t *rapid.T) {
				by := rapid.SampledFrom([]string{"admin", "voucher"}).Draw(t, "by")
				roles := []Role{RoleHelpdesk}
				for _, r := range []Role{RoleIT, RoleBiomed, RoleSecurity} {
					if rapid.Bool().Draw(t, string(r)) {
						roles = append(roles, r)
						if model[r] == nil {
							model[r] = &held{given: now, by: by}
						}
					} else {
						delete(model, r)
					}
				}
				change(by, AccountChange{Roles: &roles})
			},
			"the account is disabled and enabled again": func(t *rapid.T) {
				yes, no := true, false
				change("admin", AccountChange{Disabled: &yes})
				change("admin", AccountChange{Disabled: &no})
				for r := range model {
					model[r] = &held{given: now, by: "admin"}
				}
			},
			"somebody confirms": func(t *rapid.T) {
				by := rapid.SampledFrom([]string{"admin", "voucher"}).Draw(t, "by")
				approvers := few()
				wait := 24 * time.Hour
				if approvers < 3 {
					wait = 4 * time.Hour
				}
				for _, h := range model {
					if h.good.IsZero() && h.by != by {
						h.good = h.given.Add(wait)
					}
				}
				ch, err := vouch(Principal{Account: AccountID(by)}, person, Standing{Now: now, Approvers: approvers})
				if err == nil {
					person = ch.Person
				}
			},
			"": func(t *rapid.T) {
				st := Standing{Now: now, Approvers: 5, FoundingEnded: true}
				p := principalOf(Session{ID: "s", Audience: AudienceAdmin}, person, st)
				for r, right := range map[Role]Permission{RoleIT: CommandsErasePersonal, RoleBiomed: CommandsPumpWipe, RoleSecurity: CommandsContainMedical} {
					alone := p
					alone.Roles = slices.DeleteFunc(slices.Clone(p.Roles), func(x Role) bool { return x != r })
					h := model[r]
					want := h != nil && !h.good.IsZero() && !now.Before(h.good)
					if got := Authorise(alone, right, Target{Class: device.ClassTablet}) == nil; got != want {
						t.Fatalf("at %s the role %s destroys: %v, want %v (%+v; %+v)", now, r, got, want, h, person.Cooling)
					}
				}
			},
		})
	})
}
