//go:build !race

package auth_test

import (
	"testing"

	"wardline/auth"
)

// Each cell of the table in the program is changed, one at a time, and every cell of
// docs/permissions.csv is asked: exactly the one that was changed is answered
// otherwise than written.
func TestARightFlippedInTheProgramFailsExactlyWhereItIsWritten(t *testing.T) {
	byHand := writtenByHand(t)
	flips := auth.Flips()
	if len(flips) != len(byHand) {
		t.Errorf("%d cells are changed, %d are written", len(flips), len(byHand))
	}
	for _, f := range flips {
		undo := f.Do()
		for c, word := range byHand {
			if named := c == (cell{f.Permission, f.Role}); (len(differences(c, word)) > 0) != named {
				t.Errorf("%s for %s becomes %q, and %s for %s is answered otherwise: %v", f.Permission, f.Role, f.To, c.permission, c.role, !named)
			}
		}
		undo()
	}
}
