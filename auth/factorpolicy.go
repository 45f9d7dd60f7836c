package auth

import (
	"context"
	"fmt"
	"slices"

	"wardline/internal/fault"
)

// Which factors the people of a role confirm with is a limit (commands/limits):
// stricter at once, looser by two people and a day later. Here it is obeyed
// (prove), and nobody is locked out by it unawares.

var (
	codePasskeyWanted = fault.Define(fault.Forbidden, "passkey_wanted",
		"Confirm with a passkey. Without one, add it in your account: it is good for this a day later.")
	codeFewPasskeys = fault.Define(fault.Conflict, "few_passkeys",
		"Have people of this role add a passkey in their account first; a day later it is good for this.")
)

// enoughPasskeys is how many people of a role must be able to go on when their
// role confirms with a passkey only: one who asks, and one who agrees.
const enoughPasskeys = 2

// confirmsByPasskeyOnly: one of the account's roles confirms with nothing else.
func (a Account) confirmsByPasskeyOnly(st Standing) bool {
	return slices.ContainsFunc(a.Roles, func(r Role) bool { return slices.Contains(st.PasskeyRoles, r) })
}

// PasskeysAtHand refuses when too few people of a role have a passkey that has
// cooled off for all of them to confirm with nothing else.
func (s *Service) PasskeysAtHand(ctx context.Context, role Role) error {
	enabled, with, holders := false, 0, 0
	for after := ""; ; {
		page, _, err := s.storage.Accounts(ctx, AccountQuery{Role: role, Disabled: &enabled, Limit: 500, After: after})
		if err != nil {
			return fmt.Errorf("look for people with the role %s: %w", role, err)
		}
		for _, a := range page {
			person, st, err := s.storage.Person(ctx, a.ID)
			if err != nil {
				return hidden(err, "account")
			}
			holders++
			if slices.ContainsFunc(person.Passkeys, func(k Passkey) bool { return !st.Now.Before(k.GoodFrom) }) {
				if with++; with >= enoughPasskeys {
					return nil
				}
			}
		}
		if len(page) < 500 {
			break
		}
		after = page[len(page)-1].Username
	}
	if with >= min(holders, enoughPasskeys) {
		return nil
	}
	return codeFewPasskeys.New("Too few people of this role have a passkey that is good for it already: %d of %d.", with, holders)
}
