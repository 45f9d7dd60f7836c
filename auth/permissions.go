package auth

import (
	"slices"

	"wardline/device"
	"wardline/safety"
)

// Permission is one right. The table below gives it to roles; docs/permissions.csv
// says the same by hand, and a test compares the two cell by cell.
type Permission string

// The permissions on devices and their records.
const (
	DevicesRead           Permission = "devices.read"
	DevicesCreate         Permission = "devices.create"
	DevicesWrite          Permission = "devices.write" // asset tag, owner, tags and the like
	DevicesImport         Permission = "devices.import"
	DevicesExport         Permission = "devices.export"
	DevicesCondition      Permission = "devices.condition" // ready, in use, cleaning
	DevicesCustody        Permission = "devices.custody"
	DevicesReportLost     Permission = "devices.report_lost"
	DevicesHold           Permission = "devices.hold" // quarantine, recall, and lifting any hold
	DevicesRetirePersonal Permission = "devices.retire_personal"
	DevicesRetireMedical  Permission = "devices.retire_medical" // decommission, return, write off
	PlacesRead            Permission = "places.read"
	PlacesWrite           Permission = "places.write"
	ModelsRead            Permission = "models.read"
	ModelsWrite           Permission = "models.write"
	InvitationsRead       Permission = "invitations.read"
	InvitationsCreate     Permission = "invitations.create"
	InvitationsRevoke     Permission = "invitations.revoke"
	EnrollmentsRead       Permission = "enrollments.read"
	EnrollmentsDecide     Permission = "enrollments.decide"
	CertificatesRead      Permission = "certificates.read"
	ConfigurationsRead    Permission = "configurations.read"
	ConfigurationsWrite   Permission = "configurations.write" // documents and assignments
)

// The permissions on commands. PermissionForKind finds the one for a kind.
const (
	CommandsRead            Permission = "commands.read"
	CommandsCancel          Permission = "commands.cancel"
	CommandsApprove         Permission = "commands.approve" // see the inbox; the row of the kind decides each case
	CommandsBatch           Permission = "commands.batch"
	CommandsQuiet           Permission = "commands.quiet"
	CommandsLocate          Permission = "commands.locate"
	CommandsLockPersonal    Permission = "commands.lock_personal"   // lock, lost mode, ring, message
	CommandsManagePersonal  Permission = "commands.manage_personal" // configuration, restart
	CommandsErasePersonal   Permission = "commands.erase_personal"  // wipe, work data, passcode
	CommandsPump            Permission = "commands.pump"            // anything on a pump that is not quiet
	CommandsPumpWipe        Permission = "commands.pump_wipe"
	CommandsPumpLibrary     Permission = "commands.pump_library" // library and firmware
	CommandsContainPersonal Permission = "commands.contain_personal"
	CommandsContainMedical  Permission = "commands.contain_medical" // contain and revoke
)

// The permissions on people, settings and evidence.
const (
	AuditRead      Permission = "audit.read"
	EvidenceRead   Permission = "evidence.read" // loss reports and receipts
	EventsRead     Permission = "events.read"   // the stream; filtered by DevicesRead
	AccountsRead   Permission = "accounts.read"
	AccountsManage Permission = "accounts.manage" // accounts, roles, scopes, factors
	AccountsVouch  Permission = "accounts.vouch"  // confirm that somebody is who their new role says
	SessionsManage Permission = "sessions.manage" // see and end other people's
	TokensOwn      Permission = "tokens.own"
	TokensManage   Permission = "tokens.manage" // see and revoke other people's
	SelfManage     Permission = "self.manage"   // own password, factor, sessions
	// SelfReportLost is saying that one's own device is gone: all that a session of
	// one act can do.
	SelfReportLost Permission = "self.report_lost"
	// SelfDevices is seeing one's own devices, what is known of them and who looked
	// where they are, and saying that one was found again.
	SelfDevices Permission = "self.devices"
	// SelfHandhelds is taking a shared handheld of one's ward and bringing it back.
	SelfHandhelds Permission = "self.handhelds"
	// HandheldsRead is seeing who has which shared handheld, HandheldsServe bringing
	// one back for somebody and putting badges on accounts, HandheldsManage the
	// stations and when one is overdue.
	HandheldsRead   Permission = "handhelds.read"
	HandheldsServe  Permission = "handhelds.serve"
	HandheldsManage Permission = "handhelds.manage"
	// LossCodesCreate is making the code with which somebody reports a loss who has
	// no password at hand.
	LossCodesCreate Permission = "loss_codes.create"
	SettingsRead    Permission = "settings.read"
	SettingsManage  Permission = "settings.manage"  // policy and limits
	SettingsApprove Permission = "settings.approve" // see what waits for a second person; settings.manage decides each case
	FreezeSet       Permission = "freeze.set"
	FreezeLift      Permission = "freeze.lift"
	BreakGlassOpen  Permission = "break_glass.open"
	BreakGlassRead  Permission = "break_glass.read"
	// BreakGlassReview is closing one in which one took no part.
	BreakGlassReview Permission = "break_glass.review"
	AlertsRead       Permission = "alerts.read"
	// AlertsAcknowledge is taking note of an alert.
	AlertsAcknowledge Permission = "alerts.acknowledge"
	// BackupsReport is saying that a backup was made: for the program that makes them.
	BackupsReport Permission = "backups.report"
	// RecoveriesCancel is calling off a recovery that was asked for on the host.
	RecoveriesCancel Permission = "recoveries.cancel"
)

// Grant is one cell of the table.
type Grant string

// The grants. "Ask" is doing it, where no second person is involved.
const (
	GrantNone Grant = ""
	GrantAsk  Grant = "ask"
	// GrantAskOwn: on the person's own devices, and on the shared handhelds of
	// their wards.
	GrantAskOwn Grant = "ask_own"
	// GrantAskWard: on everything in the person's wards, and their own devices.
	GrantAskWard Grant = "ask_ward"
	// GrantAskNamed: on named models, on named days.
	GrantAskNamed Grant = "ask_named"
	// GrantSecond: only as second person.
	GrantSecond Grant = "second"
	// GrantBoth: to ask, and as second person for somebody else.
	GrantBoth Grant = "ask_second"
)

func (g Grant) asks() bool {
	return g == GrantAsk || g == GrantAskOwn || g == GrantAskWard || g == GrantAskNamed || g == GrantBoth
}

func (g Grant) seconds() bool { return g == GrantSecond || g == GrantBoth }

type grants map[Role]Grant

func all(g Grant, roles ...Role) grants {
	out := grants{}
	for _, r := range roles {
		out[r] = g
	}
	return out
}

func (g grants) and(grant Grant, roles ...Role) grants {
	for _, r := range roles {
		g[r] = grant
	}
	return g
}

// table is SAFETY 4. Whatever does not stand here is refused.
var table = map[Permission]grants{
	DevicesRead: all(GrantAsk, RoleIT, RoleBiomed, RoleHelpdesk, RoleSecurity, RoleSupply, RolePharmacist, RoleAuditor).
		and(GrantAskWard, RoleClinician).and(GrantAskNamed, RoleVendor),
	DevicesCreate: all(GrantAsk, RoleIT, RoleBiomed),
	DevicesWrite:  all(GrantAsk, RoleIT, RoleBiomed),
	DevicesImport: all(GrantAsk, RoleIT, RoleBiomed),
	DevicesExport: all(GrantAsk, RoleIT, RoleBiomed, RoleSecurity, RoleAuditor),
	DevicesCondition: all(GrantAsk, RoleIT, RoleBiomed, RoleSupply).
		and(GrantAskWard, RoleClinician),
	DevicesCustody: all(GrantAsk, RoleIT, RoleBiomed, RoleSupply),
	DevicesReportLost: all(GrantAsk, RoleIT, RoleBiomed, RoleHelpdesk, RoleSecurity).
		and(GrantAskOwn, RoleClinician),
	DevicesHold:           all(GrantAsk, RoleIT, RoleBiomed, RoleSecurity),
	DevicesRetirePersonal: all(GrantBoth, RoleIT).and(GrantSecond, RoleSecurity),
	DevicesRetireMedical:  all(GrantBoth, RoleBiomed).and(GrantSecond, RoleIT),
	PlacesRead:            all(GrantAsk, Roles()...),
	PlacesWrite:           all(GrantAsk, RoleAdmin, RoleIT, RoleBiomed),
	ModelsRead:            all(GrantAsk, Roles()...),
	ModelsWrite:           all(GrantBoth, RoleBiomed).and(GrantAsk, RoleIT),
	InvitationsRead:       all(GrantAsk, RoleIT, RoleBiomed, RoleSecurity, RoleAuditor),
	InvitationsCreate:     all(GrantAsk, RoleIT, RoleBiomed),
	InvitationsRevoke:     all(GrantAsk, RoleIT, RoleBiomed, RoleSecurity),
	EnrollmentsRead:       all(GrantAsk, RoleIT, RoleBiomed, RoleHelpdesk, RoleSecurity, RoleAuditor),
	EnrollmentsDecide:     all(GrantAsk, RoleIT, RoleBiomed, RoleSecurity),
	CertificatesRead:      all(GrantAsk, RoleIT, RoleBiomed, RoleHelpdesk, RoleSecurity, RoleAuditor),
	ConfigurationsRead:    all(GrantAsk, RoleIT, RoleBiomed, RoleHelpdesk, RoleSecurity, RolePharmacist, RoleAuditor),
	ConfigurationsWrite:   all(GrantAsk, RoleIT, RoleBiomed),

	CommandsRead: all(GrantAsk, RoleIT, RoleBiomed, RoleHelpdesk, RoleSecurity, RoleSupply, RolePharmacist, RoleAuditor).
		and(GrantAskOwn, RoleClinician).and(GrantAskNamed, RoleVendor),
	CommandsCancel:  all(GrantAsk, RoleIT, RoleBiomed, RoleHelpdesk, RoleSecurity).and(GrantAskOwn, RoleClinician),
	CommandsApprove: all(GrantAsk, RoleIT, RoleBiomed, RoleSecurity, RolePharmacist),
	CommandsBatch:   all(GrantAsk, RoleIT, RoleBiomed, RoleHelpdesk, RoleSecurity),
	CommandsQuiet:   all(GrantAsk, RoleIT, RoleBiomed, RoleHelpdesk, RoleSecurity).and(GrantAskNamed, RoleVendor),
	CommandsLocate: all(GrantAsk, RoleIT, RoleBiomed, RoleHelpdesk, RoleSecurity, RoleSupply).
		and(GrantAskNamed, RoleVendor),
	CommandsLockPersonal: all(GrantBoth, RoleIT, RoleSecurity).and(GrantAsk, RoleHelpdesk).
		and(GrantAskOwn, RoleClinician),
	CommandsManagePersonal:  all(GrantBoth, RoleIT).and(GrantSecond, RoleSecurity),
	CommandsErasePersonal:   all(GrantBoth, RoleIT, RoleSecurity),
	CommandsPump:            all(GrantBoth, RoleBiomed).and(GrantSecond, RoleSecurity),
	CommandsPumpWipe:        all(GrantBoth, RoleBiomed).and(GrantSecond, RoleIT),
	CommandsPumpLibrary:     all(GrantBoth, RoleBiomed).and(GrantSecond, RolePharmacist),
	CommandsContainPersonal: all(GrantBoth, RoleSecurity).and(GrantAsk, RoleIT).and(GrantSecond, RoleBiomed),
	CommandsContainMedical:  all(GrantBoth, RoleSecurity, RoleBiomed),

	AuditRead:    all(GrantAsk, RoleAdmin, RoleSecurity, RoleAuditor),
	EvidenceRead: all(GrantAsk, RoleIT, RoleSecurity, RoleAuditor),
	EventsRead: all(GrantAsk, RoleAdmin, RoleIT, RoleBiomed, RoleHelpdesk, RoleSecurity, RoleSupply, RolePharmacist, RoleAuditor).
		and(GrantAskWard, RoleClinician).and(GrantAskNamed, RoleVendor),
	AccountsRead:    all(GrantAsk, RoleAdmin, RoleSecurity, RoleAuditor),
	AccountsManage:  all(GrantAsk, RoleAdmin).and(GrantSecond, RoleSecurity),
	AccountsVouch:   all(GrantAsk, RoleIT, RoleBiomed, RoleSecurity),
	SessionsManage:  all(GrantAsk, RoleAdmin, RoleSecurity),
	TokensOwn:       all(GrantAsk, RoleAdmin, RoleIT, RoleBiomed, RoleHelpdesk, RoleSecurity, RoleSupply, RoleAuditor),
	TokensManage:    all(GrantAsk, RoleAdmin, RoleSecurity),
	SelfManage:      all(GrantAsk, Roles()...),
	SelfReportLost:  all(GrantAskOwn, Roles()...),
	SelfDevices:     all(GrantAskOwn, Roles()...),
	SelfHandhelds:   all(GrantAskOwn, Roles()...),
	HandheldsRead:   all(GrantAsk, RoleIT, RoleHelpdesk, RoleSecurity, RoleAuditor).and(GrantAskWard, RoleClinician),
	HandheldsServe:  all(GrantAsk, RoleIT, RoleHelpdesk),
	HandheldsManage: all(GrantAsk, RoleIT),
	LossCodesCreate: all(GrantAsk, RoleIT, RoleHelpdesk, RoleSecurity),
	SettingsRead:    all(GrantAsk, RoleAdmin, RoleIT, RoleBiomed, RoleSecurity, RoleAuditor),
	SettingsManage:  all(GrantAsk, RoleAdmin).and(GrantSecond, RoleSecurity),
	SettingsApprove: all(GrantAsk, RoleAdmin, RoleSecurity),
	FreezeSet:       all(GrantAsk, RoleAdmin, RoleIT, RoleBiomed, RoleSecurity),
	FreezeLift:      all(GrantBoth, RoleAdmin, RoleSecurity),
	BreakGlassOpen:  all(GrantAsk, RoleSecurity).and(GrantSecond, RoleBiomed),

	RecoveriesCancel: all(GrantAsk, RoleAdmin, RoleSecurity),

	BreakGlassRead:   all(GrantAsk, RoleAdmin, RoleIT, RoleBiomed, RoleSecurity, RoleAuditor),
	BreakGlassReview: all(GrantAsk, RoleAdmin, RoleBiomed, RoleSecurity),

	AlertsRead:        all(GrantAsk, RoleAdmin, RoleIT, RoleBiomed, RoleHelpdesk, RoleSecurity, RoleAuditor),
	AlertsAcknowledge: all(GrantAsk, RoleAdmin, RoleIT, RoleBiomed, RoleSecurity),
	BackupsReport:     all(GrantAsk, RoleAdmin, RoleIT),
}

// Permissions lists every permission, sorted.
func Permissions() []Permission {
	list := make([]Permission, 0, len(table))
	for p := range table {
		list = append(list, p)
	}
	slices.Sort(list)
	return list
}

// GrantOf returns the cell of the table.
func GrantOf(p Permission, r Role) Grant { return table[p][r] }

// neverByToken are rights that no API token can have: granting rights, taking
// the part of a person, and anything a second person is asked for.
var neverByToken = map[Permission]bool{
	AccountsManage: true, AccountsVouch: true, SessionsManage: true, TokensOwn: true, TokensManage: true, SelfManage: true,
	SettingsManage: true, SettingsApprove: true, FreezeLift: true, BreakGlassOpen: true, CommandsApprove: true,
	EnrollmentsDecide: true, ModelsWrite: true, RecoveriesCancel: true, SelfReportLost: true, AlertsAcknowledge: true,
	SelfDevices: true, SelfHandhelds: true, LossCodesCreate: true, BreakGlassReview: true,
}

// TokenCan reports whether an API token can have the right at all.
func TokenCan(permission Permission) bool { return !neverByToken[permission] }

// publicOnly are the rights that a session of the public audience can use.
var publicOnly = map[Permission]bool{
	SelfManage: true, SelfReportLost: true, SelfDevices: true, SelfHandhelds: true, DevicesRead: true, DevicesReportLost: true, DevicesCondition: true, PlacesRead: true, ModelsRead: true,
}

// PermissionForKind names the right that asking for a command needs, and that
// its second person needs. It is false for kinds that no class has.
func PermissionForKind(kind device.Kind, sub device.Subkind, class device.Class) (Permission, bool) {
	weight, known := safety.WeightOf(kind, sub)
	if !known {
		return "", false
	}
	personal := class.IsPersonal()
	switch {
	case kind == device.KindLocate:
		return CommandsLocate, true
	case weight == safety.Quiet:
		return CommandsQuiet, true
	case kind.Retires() && personal:
		return DevicesRetirePersonal, true
	case kind.Retires():
		return DevicesRetireMedical, true
	case kind.ByServer() && personal:
		return CommandsContainPersonal, true
	case kind.ByServer():
		return CommandsContainMedical, true
	case personal && weight == safety.Destructive:
		return CommandsErasePersonal, true
	case personal:
		switch kind {
		case device.KindLock, device.KindLostModeOn, device.KindLostModeOff, device.KindRing, device.KindMessage:
			return CommandsLockPersonal, true
		}
		return CommandsManagePersonal, true
	case kind == device.KindLibrary || kind == device.KindFirmware:
		return CommandsPumpLibrary, true
	case kind == device.KindWipe:
		return CommandsPumpWipe, true
	}
	return CommandsPump, true
}
