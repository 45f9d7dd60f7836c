package auth

import (
	"slices"
	"strings"

	"wardline/device"
	"wardline/internal/fault"
)

var (
	codeNotAllowed = fault.Define(fault.Forbidden, "not_allowed",
		"Ask somebody whose role includes this, or an administrator for the role.")
	codeOutOfScope = fault.Define(fault.Forbidden, "out_of_scope",
		"Your account holds for other sites, wards or kinds of device; ask an administrator if that is wrong.")
	codeTokenScope = fault.Define(fault.Forbidden, "token_scope",
		"Make an API token whose scope includes this, or sign in as a person.")
	codeWrongAudience = fault.Define(fault.Forbidden, "not_from_here",
		"Sign in to the console for this; self-service sessions cannot do it.")
	codeSamePerson = fault.Define(fault.Forbidden, "second_person_needed",
		"Somebody else with the right role has to do this, signed in to their own session.")
)

// Target is the device that a right is wanted on.
type Target struct {
	Class device.Class
	Model device.ModelID
	Site  device.PlaceID
	Ward  device.PlaceID
	// Owner is the device's owner as recorded; a person owns what carries their
	// user name.
	Owner string
	// anywhere: no particular device.
	anywhere bool
}

// Anywhere is the target of a right that is not about one device, and of the
// first question about a list: may you list at all? Every device on the list is
// then asked about by itself, or the list is filtered by ReachOf.
var Anywhere = Target{anywhere: true}

// Authorise is the one place that says whether p may do something. It returns a
// fault that may be shown. Reading a device outside of one's reach is answered
// as if it did not exist. A right that destroys is not good on any device while
// the roles that it comes from cool off (cooling.go).
func Authorise(p Principal, permission Permission, t Target) error {
	if err := authoriseRole(p, permission, Grant.asks); err != nil {
		return err
	}
	if t.anywhere {
		return nil
	}
	if reach, _ := ReachOf(p, permission); reach.Covers(t) {
		if weighty[permission] {
			return settled(p, permission, Grant.asks)
		}
		return nil
	}
	if strings.HasSuffix(string(permission), ".read") {
		return fault.CodeNotFound.New("There is no such device.")
	}
	return codeOutOfScope.New("Your account does not hold for this device.")
}

// AuthoriseKind is Authorise for asking for a command of a kind.
func AuthoriseKind(p Principal, kind device.Kind, sub device.Subkind, t Target) error {
	permission, ok := PermissionForKind(kind, sub, t.Class)
	if !ok {
		return codeNotAllowed.New("There is no command %q.", kind)
	}
	if p.IsToken() && !slices.Contains(p.TokenScope.Kinds, kind) {
		return codeTokenScope.New("This API token may not ask for %q.", kind)
	}
	return Authorise(p, permission, t)
}

// Asker is who asked for what a second person is to approve.
type Asker struct {
	Account AccountID
	Session SessionID
	// Token is set when a program asked; the second person may then be its owner
	// no more than the asker of anything else.
	Token TokenID
	Roles []Role
}

// AuthoriseSecond says whether p may be the second person to what asker asked.
// It is another person in another session, never a token.
func AuthoriseSecond(p Principal, permission Permission, t Target, asker Asker) error {
	switch {
	case p.IsToken():
		return codeSamePerson.New("An API token is never a second person.")
	case p.Account == asker.Account || (p.Session != "" && p.Session == asker.Session):
		return codeSamePerson.New("You asked for this yourself; somebody else has to agree.")
	}
	if err := authoriseRole(p, permission, Grant.seconds); err != nil {
		return err
	}
	if permission == FreezeLift && !otherRole(p, asker) {
		return codeSamePerson.New("A freeze is lifted by a security officer and an administrator together.")
	}
	if reach := secondReach(p); !t.anywhere && !reach.Covers(t) {
		return codeOutOfScope.New("Your account does not hold for this device.")
	}
	if weighty[permission] || weightySecond[permission] {
		return settled(p, permission, Grant.seconds)
	}
	return nil
}

// otherRole: one of the two is admin and the other security.
func otherRole(p Principal, asker Asker) bool {
	return (slices.Contains(p.Roles, RoleAdmin) && slices.Contains(asker.Roles, RoleSecurity)) ||
		(slices.Contains(p.Roles, RoleSecurity) && slices.Contains(asker.Roles, RoleAdmin))
}

// authoriseRole checks everything that does not depend on the device.
func authoriseRole(p Principal, permission Permission, has func(Grant) bool) error {
	if p.Audience == AudiencePublic && !publicOnly[permission] {
		return codeWrongAudience.New("This cannot be done from self-service.")
	}
	if p.Audience == AudienceLost {
		if permission == SelfReportLost && !p.IsToken() {
			return nil // whatever the role: everybody may say that their own phone is gone
		}
		return codeWrongAudience.New("This sign-in can only report a loss.")
	}
	if p.Audience != AudiencePublic && p.Audience != AudienceAdmin {
		return codeNotAllowed.New("You are not signed in here.")
	}
	if p.IsToken() {
		if neverByToken[permission] {
			return codeTokenScope.New("API tokens can never do this.")
		}
		if p.TokenScope == nil || !slices.Contains(p.TokenScope.Permissions, permission) {
			return codeTokenScope.New("This API token does not include the right %s.", permission)
		}
	}
	for _, r := range p.effectiveRoles() {
		if has(table[permission][r]) {
			return nil
		}
	}
	if permission == AccountsVouch && p.ConfirmsAlone {
		return nil
	}
	return codeNotAllowed.New("Your role does not include this.")
}

// Can reports whether p may do it at all, somewhere: for menus and buttons.
func Can(p Principal, permission Permission) bool {
	return Authorise(p, permission, Anywhere) == nil
}

// PermissionsOf lists what p may do somewhere, sorted.
func PermissionsOf(p Principal) []Permission {
	var list []Permission
	for _, permission := range Permissions() {
		if Can(p, permission) {
			list = append(list, permission)
		}
	}
	return list
}
