package auth

import (
	"context"
	"errors"
	"fmt"

	"wardline/internal/fault"
)

// MaySecond says whether an account may be the second person to what asker asked,
// so that its owner is told. It lets nobody in.
func (s *Service) MaySecond(ctx context.Context, id AccountID, permission Permission, t Target, asker Asker) (bool, error) {
	person, st, err := s.storage.Person(ctx, id)
	if errors.Is(err, ErrNoSuch) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read who may agree: %w", err)
	}
	if person.Disabled {
		return false, nil
	}
	p := Principal{Account: person.ID, Username: person.Username, Name: person.Name, Roles: person.Roles, Scope: person.Scope,
		Audience: AudienceAdmin, Waiting: person.Waiting(st), Now: st.Now}
	if AuthoriseSecond(p, permission, t, asker) != nil {
		return false, nil
	}
	err = s.AnotherPerson(ctx, p, asker)
	if fault.Has(err, codeSamePerson) {
		return false, nil
	}
	return err == nil, err
}
