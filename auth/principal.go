package auth

import (
	"slices"
	"strings"
	"time"

	"wardline/audit"
	"wardline/device"
)

// AccountID identifies a person's account (UUIDv7).
type AccountID string

// SessionID identifies one sign-in (UUIDv7).
type SessionID string

// TokenID identifies an API token (UUIDv7); it is not the token itself.
type TokenID string

// Role is what a person is in the hospital; roles.Words tells people.
type Role string

// The roles (SAFETY 4).
const (
	RoleAdmin      Role = "admin" // people and settings; no right on devices
	RoleIT         Role = "it"
	RoleBiomed     Role = "biomed"
	RoleHelpdesk   Role = "helpdesk"
	RoleSecurity   Role = "security"
	RoleSupply     Role = "supply"    // cleaning states and locate
	RoleClinician  Role = "clinician" // own devices, and the shared ones of the own ward
	RolePharmacist Role = "pharmacist"
	RoleAuditor    Role = "auditor" // reads all and changes nothing
	RoleVendor     Role = "vendor"  // named models, named days, quiet only
)

// Roles lists every role, in the order in which tables show them.
func Roles() []Role {
	return []Role{RoleAdmin, RoleIT, RoleBiomed, RoleHelpdesk, RoleSecurity,
		RoleSupply, RoleClinician, RolePharmacist, RoleAuditor, RoleVendor}
}

// Valid reports whether r is one of Roles.
func (r Role) Valid() bool { return slices.Contains(Roles(), r) }

// Words returns what people read in place of the identifier.
func (r Role) Words() string {
	switch r {
	case RoleAdmin:
		return "Administrator"
	case RoleIT:
		return "IT"
	case RoleBiomed:
		return "Biomedical engineering"
	case RoleHelpdesk:
		return "Helpdesk"
	case RoleSecurity:
		return "Security officer"
	case RoleSupply:
		return "Central supply"
	case RoleClinician:
		return "Clinician"
	case RolePharmacist:
		return "Pharmacist"
	case RoleAuditor:
		return "Auditor"
	case RoleVendor:
		return "Vendor"
	}
	return "Unknown role"
}

// Audience says on which listener a session is good. A session of one audience
// is nothing on the other.
type Audience string

// The audiences.
const (
	AudienceAdmin  Audience = "admin"  // console, REST, command line
	AudiencePublic Audience = "public" // self-service, which may face the Internet
	AudienceLost   Audience = "lost"   // one act by the password alone (oneact.go)
)

// Audiences lists every audience.
func Audiences() []Audience { return []Audience{AudienceAdmin, AudiencePublic, AudienceLost} }

// Valid reports whether a is one of Audiences.
func (a Audience) Valid() bool { return slices.Contains(Audiences(), a) }

// Factor says how somebody proved who they are.
type Factor string

// The factors.
const (
	FactorPassword     Factor = "password"
	FactorTOTP         Factor = "totp" // of a step-up
	FactorPasskey      Factor = "passkey"
	FactorRecovery     Factor = "recovery" // of a step-up
	FactorPasswordTOTP Factor = "password+totp"
	FactorToken        Factor = "token"
	FactorLossCode     Factor = "loss_code" // read out by a help desk; for one act
)

// Scope limits where a person's roles hold. An empty list does not limit.
type Scope struct {
	Sites   []device.PlaceID `json:"sites,omitempty"`
	Classes []device.Class   `json:"classes,omitempty"`
	// Wards are a clinician's own wards. They do not limit other roles.
	Wards []device.PlaceID `json:"wards,omitempty"`
	// Models, From and Until are a vendor's: without models or without an end
	// day a vendor reaches nothing.
	Models []device.ModelID `json:"models,omitempty"`
	From   time.Time        `json:"from,omitzero"`
	Until  time.Time        `json:"until,omitzero"`
}

// TokenScope is what an API token may do of what its owner may.
type TokenScope struct {
	// Permissions may not be empty.
	Permissions []Permission `json:"permissions"`
	// Kinds are the kinds of command that it may ask for; empty: none.
	Kinds   []device.Kind    `json:"kinds,omitempty"`
	Sites   []device.PlaceID `json:"sites,omitempty"`
	Classes []device.Class   `json:"classes,omitempty"`
}

// Principal is somebody who has proved who they are, for one request. It is a
// value: nothing in it can be changed to gain a right.
type Principal struct {
	Account  AccountID
	Username string
	// Name is the person's name, for screens.
	Name  string
	Roles []Role
	Scope Scope
	// Session is empty for API tokens; Token is empty for people.
	Session SessionID
	Token   TokenID
	// TokenScope is set when Token is.
	TokenScope *TokenScope
	Factor     Factor
	Audience   Audience
	// Founding: this is the first admin, and the hospital has not yet got two
	// approvers. Until then, at most 14 days, the admin also acts as IT and
	// biomed, on few devices (the guard counts them).
	Founding bool
	// FoundingEnds and FoundingLeft say until when, and on how many devices more;
	// only AuthenticateFresh knows them.
	FoundingEnds time.Time
	FoundingLeft int
	// ConfirmsAlone: a recovery on the host brought this administrator back, and
	// nobody else is left who could confirm a security officer.
	ConfirmsAlone bool
	// Waiting are the roles that are too new to destroy anything with.
	Waiting []Wait
	// HasSecondFactor: the account has a confirmed one-time-code factor, so a
	// step-up is possible.
	HasSecondFactor bool
	// PasskeyOnly: a role of theirs confirms with a passkey, and whatever destroys
	// is confirmed, also by who agrees to it. Only AuthenticateFresh knows it.
	PasskeyOnly bool
	// SteppedUp: this request carried a confirmed step-up (RequireStepUp sets it).
	SteppedUp bool
	// StepUpFactor is what it was confirmed with.
	StepUpFactor Factor
	// Via names the program or page for the audit log; set by the listener.
	Via string
	// Now is the time at which the principal was authenticated.
	Now time.Time
}

// IsToken reports whether a program with an API token acts. It is never a second
// person and always waits for one for destructive work.
func (p Principal) IsToken() bool { return p.Token != "" }

// TwoFactors reports whether the session was opened with a second factor.
func (p Principal) TwoFactors() bool {
	return strings.HasPrefix(string(p.Factor), string(FactorPassword)+"+") || p.Factor == FactorPasskey
}

// Has reports whether p holds the role, also by founding.
func (p Principal) Has(r Role) bool { return slices.Contains(p.effectiveRoles(), r) }

// effectiveRoles adds what founding lends to the first admin.
func (p Principal) effectiveRoles() []Role {
	if !p.Founding {
		return p.Roles
	}
	roles := slices.Clone(p.Roles)
	for _, lent := range []Role{RoleIT, RoleBiomed} {
		if !slices.Contains(roles, lent) {
			roles = append(roles, lent)
		}
	}
	return roles
}

// Actor is p for the audit log.
func (p Principal) Actor() audit.Actor {
	a := audit.Actor{Kind: audit.ActorPerson, ID: string(p.Account), Name: p.Username,
		Session: string(p.Session), Factor: string(p.Factor), Via: p.Via}
	if p.SteppedUp {
		a.Factor += ", step-up " + string(p.StepUpFactor)
	}
	if p.IsToken() {
		a.Kind, a.ID, a.Name, a.Owner = audit.ActorToken, string(p.Token), p.Username, string(p.Account)
	}
	return a
}
