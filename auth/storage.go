package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"wardline/audit"
	"wardline/device"
)

// Errors that a Storage answers with.
var (
	// ErrNoSuch: no such account, session, step-up, token or link.
	ErrNoSuch = errors.New("no such row")
	// ErrTaken: another account has this user name.
	ErrTaken = errors.New("user name taken")
	// ErrSpent: a number that is allowed was used up.
	ErrSpent = errors.New("used up")
	// ErrStale: the version is not the one that the caller has seen.
	ErrStale = errors.New("changed meanwhile")
)

// Hash is the SHA-256 of a random secret, which is all that is kept of it.
type Hash [sha256.Size]byte

// Account is a person's account, without secrets.
type Account struct {
	ID       AccountID
	Username string // lower case
	Name     string // as people write it
	Roles    []Role
	Scope    Scope
	Disabled bool
	// Cooling are the roles given lately.
	Cooling []Cooling
	// Founder marks the first admin.
	Founder         bool
	HasPassword     bool
	HasSecondFactor bool
	CreatedAt       time.Time
	UpdatedAt       time.Time
	LastSignInAt    time.Time // zero: never
	// Version rises with each change made by a person, for If-Match.
	Version int
}

// Credentials are an account's secrets as they are stored.
type Credentials struct {
	Password string // argon2id in PHC format; empty: none yet
	// TOTP and TOTPPending are sealed seeds; a pending one becomes the factor with
	// its first good code.
	TOTP        []byte
	TOTPPending []byte
	// TOTPCounter is the highest time step whose code was used: none at or below
	// it works again.
	TOTPCounter int64
	// TOTPGoodFrom is from when TOTP has cooled off. Until then TOTPOld, which it
	// replaces, stays good.
	TOTPGoodFrom   time.Time
	TOTPOld        []byte
	TOTPOldCounter int64
	Passkeys       []Passkey
	Recovery       []RecoveryCode
}

// Person is an account with its secrets.
type Person struct {
	Account
	Credentials
	// Notes are what a rule wants recorded beside its own event; they are not
	// stored.
	Notes []Note
	// Pending is stored with the account: rights that wait for a second person.
	Pending *PendingChange
}

// Standing is what a rule about one account must know of all of them, and of the
// time. It is read in the same transaction.
type Standing struct {
	Now time.Time
	// OtherAdmins counts the enabled accounts with the role admin, without the
	// one in question. Approvers counts the enabled accounts that can be a second
	// person to destructive work now, OtherApprovers those of them without the one
	// in question.
	OtherAdmins    int
	Approvers      int
	OtherApprovers int
	// FoundedAt is when the first admin was made; zero: never. FoundingEnded says
	// that two approvers existed at some time: founding never comes back.
	FoundedAt     time.Time
	FoundingEnded bool
	// FoundingDevices is how many devices the first admin has acted on meanwhile.
	FoundingDevices int
	// PasskeyRoles are the roles whose people confirm with a passkey only.
	PasskeyRoles []Role
	// Recovery is about an account that came back lately (host_recovery.go).
	Recovery RecoveryStanding
}

// Change is what a rule decided about a person.
type Change struct {
	Person Person
	// EndSessions ends all sessions of the account but Except.
	EndSessions bool
	Except      SessionID
	Reason      string // why they end
	Action      audit.Action
	Detail      map[string]any
}

// AccountQuery selects accounts. Empty fields do not limit.
type AccountQuery struct {
	// Search is looked for in user name and name.
	Search string
	Role   Role
	// Disabled and SecondFactor, when they are there, have to be so.
	Disabled, SecondFactor *bool
	// Limit is 1 to 500; 0 means 100. After is the user name to go on after.
	Limit int
	After string
}

// Session is one sign-in.
type Session struct {
	ID         SessionID
	Account    AccountID
	Audience   Audience
	Factor     Factor
	Source     string // address it was opened from, shortened (SourceOf)
	UserAgent  string
	CreatedAt  time.Time
	RefreshAt  time.Time // last rotation of the refresh token
	ExpiresAt  time.Time // absolute end
	EndedAt    time.Time // zero: still open
	EndReason  string
	IdleUntil  time.Time // end unless refreshed
	Generation int       // rotations so far
}

// Live reports whether the session is good at now.
func (s Session) Live(now time.Time) bool {
	return s.EndedAt.IsZero() && now.Before(s.ExpiresAt) && now.Before(s.IdleUntil)
}

// Throttle counts failures under one key.
type Throttle struct {
	Failures int
	// Since is when the first failure of this count happened, Last the latest.
	Since, Last time.Time
	// BlockedUntil is when the next attempt counts again.
	BlockedUntil time.Time
}

// StepUpState is where a step-up stands.
type StepUpState string

// The states of a step-up.
const (
	StepUpPending   StepUpState = "pending"
	StepUpConfirmed StepUpState = "confirmed"
	StepUpUsed      StepUpState = "used"
	StepUpDenied    StepUpState = "denied"
)

// StepUp is a second proof of who somebody is, for one device or one batch.
type StepUp struct {
	ID      string
	Code    Hash // of the value that goes into the header
	Account AccountID
	Session SessionID // the session that asked and alone may use it
	Device  device.ID // one of Device and Batch is set
	Batch   string
	// Kind, Reason and Summary are shown to the person who confirms.
	Kind    device.Kind
	Reason  string
	Summary string
	State   StepUpState
	// Factor is what it was confirmed with.
	Factor      Factor
	CreatedAt   time.Time
	ConfirmedAt time.Time
	ExpiresAt   time.Time
}

// Token is an API token, without its secret.
type Token struct {
	ID         TokenID
	Account    AccountID
	Name       string
	Scope      TokenScope
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastUsedAt time.Time // to the hour; zero: never
	RevokedAt  time.Time // zero: good
}

// SetupLink lets somebody choose the password of an account once. Account is
// empty for the link that makes the first admin.
type SetupLink struct {
	Hash      Hash
	Account   AccountID
	CreatedAt time.Time
	ExpiresAt time.Time
}

// SealedKey is a signing key as it is stored.
type SealedKey struct {
	ID        string // the kid
	Sealed    []byte
	CreatedAt time.Time
}

// Storage keeps people. Every method is one transaction by the database's clock
// and writes its audit event inside it; functions handed in are called inside
// the transaction, possibly more than once, and do nothing slow. Fields that
// name a time of creation are filled in by the storage. The errors are ErrNoSuch
// and its neighbours, what a function returned, and failures of the database.
// Implementations are safe for concurrent use, by several replicas.
type Storage interface {
	// AddAccount stores a new account as a rule completes it, or refuses it; on
	// success a set-up link may be stored with it. ErrTaken when the user name is in use.
	AddAccount(ctx context.Context, by audit.Actor, p Person, link *SetupLink, rule func(Person, Standing) (Person, error)) (Account, error)
	// Person and PersonByUsername read one account with its secrets.
	Person(ctx context.Context, id AccountID) (Person, Standing, error)
	PersonByUsername(ctx context.Context, username string) (Person, Standing, error)
	// Accounts lists accounts by user name, and how many there are in all.
	Accounts(ctx context.Context, q AccountQuery) ([]Account, int, error)
	// Unconfirmed lists the enabled accounts that have a new role which nobody has
	// confirmed, by user name.
	Unconfirmed(ctx context.Context) ([]Account, error)
	// ChangePerson changes one account by a rule that sees it locked. Two changes
	// that each look at the number of admins see each other.
	ChangePerson(ctx context.Context, by audit.Actor, id AccountID, rule func(Person, Standing) (Change, error)) (Account, error)
	// AccountChanges lists the changes that still wait for a second person, or,
	// when an account is named, all of that account; newest first, at most 500.
	AccountChanges(ctx context.Context, account AccountID) ([]PendingChange, error)
	// AccountChange reads one.
	AccountChange(ctx context.Context, id ChangeID) (PendingChange, error)
	// DecideAccountChange decides about one by a rule that sees it and its account
	// locked; a change of the account, when the rule returns one, is made with it.
	DecideAccountChange(ctx context.Context, by audit.Actor, id ChangeID, rule func(PendingChange, Person, Standing) (PendingChange, *Change, error)) (PendingChange, error)
	// AddSetupLink stores a link that is good for SetupLinkLife, in place of the
	// account's earlier one or the earlier one for the first admin.
	AddSetupLink(ctx context.Context, by audit.Actor, link SetupLink, check func(Standing) error) error
	// SetupLink reads a link.
	SetupLink(ctx context.Context, hash Hash) (SetupLink, error)
	// UseSetupLink consumes a link and changes its account. For the first admin's
	// link the rule gets an empty Person and returns the new one.
	UseSetupLink(ctx context.Context, by audit.Actor, hash Hash, rule func(SetupLink, Person, Standing) (Change, error)) (Account, error)

	// ReplaceHostCodes stores a set of codes for the host in place of the present
	// one, which a rule sees, used codes too. with says by what right, for the log.
	ReplaceHostCodes(ctx context.Context, by audit.Actor, fresh []HostCode, with string, rule func(present []HostCode) error) error
	// BeginRecovery stores a recovery and uses up the code that the rule finds. The
	// rule sees whether one waits already. Recovery times are the guard's.
	BeginRecovery(ctx context.Context, by audit.Actor, r Recovery, rule func(present []HostCode, waiting bool, p Person) (HostCode, error)) (Recovery, error)
	// Recoveries lists those that wait and have not run out.
	Recoveries(ctx context.Context) ([]Recovery, error)
	// DecideRecovery decides about one by a rule that sees it and its account
	// locked, with the guard's time; Standing.Recovery counts everybody but the
	// account. ErrNoSuch when there is none.
	DecideRecovery(ctx context.Context, by audit.Actor, id RecoveryID, rule func(Recovery, time.Time, Person, Standing) (RecoveryDecision, error)) (Recovery, error)

	// Throttles reads counts; keys without failures are missing. known says
	// whether the account opened a session from this source within 30 days.
	Throttles(ctx context.Context, keys []string, account AccountID, source string) (counts map[string]Throttle, known bool, now time.Time, err error)
	// CountFailure counts a failure under every key by a rule.
	CountFailure(ctx context.Context, by audit.Actor, action audit.Action, subject string, keys []string, rule func(key string, t Throttle, now time.Time) Throttle) error

	// SignIn opens a session for an account by a rule that sees it locked (it
	// returns the person with the code marked as used), and forgets the failures
	// counted under the keys.
	SignIn(ctx context.Context, by audit.Actor, s Session, refresh Hash, forget []string, rule func(Person, Standing) (Person, Session, error)) (Session, Person, Standing, error)
	// ActOn notes what a session acts on; ErrTaken when that is something else
	// already, ErrSpent when the account's sessions of the last 24 hours acted on
	// most other things.
	ActOn(ctx context.Context, account AccountID, id SessionID, on string, most int) error
	// PutLossCode stores an account's sealed code in place of an earlier one.
	PutLossCode(ctx context.Context, by audit.Actor, account AccountID, seal func(now time.Time) (sealed []byte, until time.Time, err error)) error
	// LossCode reads an account's sealed code; empty when there is none.
	LossCode(ctx context.Context, account AccountID) (sealed []byte, now time.Time, err error)
	// TakeLossCode uses a code up: of two who show it, one finds it.
	TakeLossCode(ctx context.Context, account AccountID, sealed []byte) (bool, error)
	// PutBadge keeps the keyed hash of an account's badge in place of an earlier one;
	// empty: none any more. ErrTaken when another account has it.
	PutBadge(ctx context.Context, by audit.Actor, account AccountID, digest []byte) error
	// HasBadge reports whether an account has one.
	HasBadge(ctx context.Context, account AccountID) (bool, error)
	// PutHandheldCode keeps an account's code for a station in place of an earlier
	// one, and returns its end; ErrTaken when another account has the same just now.
	PutHandheldCode(ctx context.Context, account AccountID, digest []byte, life time.Duration) (time.Time, error)
	// PersonByBadge finds whose badge it is, or whose code that has not run out.
	PersonByBadge(ctx context.Context, badge, code []byte) (p Person, byCode bool, now time.Time, err error)
	// TakeHandheldCode uses a code up: of two who show it, one finds it.
	TakeHandheldCode(ctx context.Context, account AccountID, digest []byte) (bool, error)
	// AddStation stores a station with the hash of the code that pairs its screen.
	AddStation(ctx context.Context, by audit.Actor, st Station, code []byte, life time.Duration) error
	// PutStationCode keeps another code for a station.
	PutStationCode(ctx context.Context, by audit.Actor, id StationID, code []byte, life time.Duration) error
	// PairStation uses a code up and keeps the screen's secret in place of an earlier
	// one.
	PairStation(ctx context.Context, by audit.Actor, code []byte, secret Hash) (Station, error)
	// StationByHash finds the station of a screen's secret, and notes that it was
	// heard of unless that is known to within an interval.
	StationByHash(ctx context.Context, secret Hash, exact time.Duration) (Station, time.Time, error)
	// Station reads one; Stations lists those that have not ended.
	Station(ctx context.Context, id StationID) (Station, error)
	Stations(ctx context.Context) ([]Station, error)
	// EndStation ends one and forgets its screen's secret.
	EndStation(ctx context.Context, by audit.Actor, id StationID) error
	// Session reads a session with its account.
	Session(ctx context.Context, id SessionID) (Session, Person, Standing, error)
	// Rotate exchanges a refresh token for the next. A token that was exchanged
	// before ends its session, whoever shows it: reused is then true and nothing
	// else is answered. The rule says until when the session now lasts.
	Rotate(ctx context.Context, old, next Hash, by audit.Actor, rule func(Session, Person, Standing) (Session, error)) (s Session, p Person, st Standing, reused bool, err error)
	// Sessions lists an account's live sessions, newest first.
	Sessions(ctx context.Context, account AccountID) ([]Session, error)
	// EndSessions ends the live sessions of an account: one when only is set, all
	// but except otherwise. It returns how many ended.
	EndSessions(ctx context.Context, by audit.Actor, account AccountID, only, except SessionID, reason string) (int, error)

	// AddCeremony stores a question that is good for CeremonyLife.
	AddCeremony(ctx context.Context, c Ceremony) error
	// TakeCeremony reads a question and ends it: of two who answer, one finds none.
	TakeCeremony(ctx context.Context, hash Hash) (Ceremony, time.Time, error)
	// AddStepUp stores a step-up that waits to be confirmed for StepUpPendingLife;
	// ErrTaken when the session has maxOpen of them already.
	AddStepUp(ctx context.Context, by audit.Actor, su StepUp, maxOpen int) (StepUp, error)
	// StepUp reads one by the hash of its code.
	StepUp(ctx context.Context, code Hash) (StepUp, time.Time, error)
	// ConfirmStepUp confirms one, or stores one that is confirmed at once, by a
	// rule that sees account and step-up locked.
	ConfirmStepUp(ctx context.Context, by audit.Actor, su StepUp, rule func(Person, StepUp, Standing) (Person, StepUp, error)) (StepUp, error)
	// UseStepUp uses one by a rule that sees it locked.
	UseStepUp(ctx context.Context, by audit.Actor, code Hash, rule func(StepUp, time.Time) (StepUp, error)) (StepUp, error)

	// AddToken stores an API token that is good for life from now.
	AddToken(ctx context.Context, by audit.Actor, t Token, life time.Duration, secret Hash) (Token, error)
	// TokenByHash reads a token with its owner, and notes hourly that it was used.
	TokenByHash(ctx context.Context, secret Hash) (Token, Person, Standing, error)
	// Tokens lists an account's tokens, or all when account is empty.
	Tokens(ctx context.Context, account AccountID) ([]Token, error)
	// RevokeToken revokes a token by a rule that sees it.
	RevokeToken(ctx context.Context, by audit.Actor, id TokenID, rule func(Token) error) error

	// SigningKeys reads the keys that sign sessions, newest first.
	SigningKeys(ctx context.Context) ([]SealedKey, error)
	// AddSigningKey stores one, unless the newest is no longer the one named
	// (empty: none): replicas that start at once end up with one key.
	AddSigningKey(ctx context.Context, by audit.Actor, newest string, k SealedKey) error
}
