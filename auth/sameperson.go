package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// AnotherPerson says whether p is another person than the one who asked, as far
// as that can be known: two accounts that carry the same name are taken for two
// accounts of one person. That two accounts under two names belong to one person
// cannot be known here; whoever gives out accounts sees to it.
func (s *Service) AnotherPerson(ctx context.Context, p Principal, asker Asker) error {
	other, _, err := s.storage.Person(ctx, asker.Account)
	if errors.Is(err, ErrNoSuch) {
		return nil // the server itself, or the host, asked
	}
	if err != nil {
		return fmt.Errorf("read who asked: %w", err)
	}
	if name := plainName(p.Name); name != "" && name == plainName(other.Name) {
		return codeSamePerson.New("Your account and %s's carry the same name, so they count as one person.", other.Username)
	}
	return nil
}

// Holds reports whether an account that can be used holds a role.
func (s *Service) Holds(ctx context.Context, id AccountID, role Role) (bool, error) {
	person, _, err := s.storage.Person(ctx, id)
	if errors.Is(err, ErrNoSuch) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read what account %s may do: %w", id, err)
	}
	return !person.Disabled && slices.Contains(person.Roles, role), nil
}

// plainName is a person's name without what people write differently.
func plainName(name string) string {
	return strings.Join(strings.Fields(strings.ToLower(name)), " ")
}

// AccountNamed finds an account by its id or user name for somebody who may
// freeze what its owner does: they need not be able to manage accounts.
func (s *Service) AccountNamed(ctx context.Context, p Principal, name string) (Account, error) {
	if !Can(p, FreezeSet) && !Can(p, SettingsRead) {
		return Account{}, codeNotAllowed.New("Your role does not include this.")
	}
	person, _, err := s.storage.Person(ctx, AccountID(name))
	if errors.Is(err, ErrNoSuch) {
		person, _, err = s.storage.PersonByUsername(ctx, normaliseUsername(name))
	}
	if err != nil {
		return Account{}, hidden(err, "account")
	}
	return person.Account, nil
}
