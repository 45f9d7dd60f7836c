package store

import (
	"encoding/json"
	"fmt"

	"wardline/auth"
	"wardline/device"
)

type accountRow struct {
	ID             string `gorm:"column:id;primaryKey"`
	Username       string `gorm:"column:username"`
	Name           string `gorm:"column:name"`
	Roles          string `gorm:"column:roles"`
	Scope          string `gorm:"column:scope"`
	Disabled       bool   `gorm:"column:disabled"`
	Founder        bool   `gorm:"column:founder"`
	IsAdmin        bool   `gorm:"column:is_admin"`
	IsApprover     bool   `gorm:"column:is_approver"`
	Password       string `gorm:"column:password"`
	TOTP           []byte `gorm:"column:totp"`
	TOTPPending    []byte `gorm:"column:totp_pending"`
	TOTPCounter    int64  `gorm:"column:totp_counter"`
	Cooling        string `gorm:"column:cooling"`
	ApproverFrom   dbTime `gorm:"column:approver_from"`
	TOTPGoodFrom   dbTime `gorm:"column:totp_good_from"`
	TOTPOld        []byte `gorm:"column:totp_old"`
	TOTPOldCounter int64  `gorm:"column:totp_old_counter"`
	Passkeys       string `gorm:"column:passkeys"`
	RecoveryCodes  string `gorm:"column:recovery_codes"`
	CreatedAt      dbTime `gorm:"column:created_at;autoCreateTime:false"`
	UpdatedAt      dbTime `gorm:"column:updated_at;autoUpdateTime:false"`
	LastSignInAt   dbTime `gorm:"column:last_sign_in_at"`
	Version        int    `gorm:"column:version"`
	Proof
}

// jsonList is a JSON list, also when there is nothing in it.
func jsonList[T any](list []T) string {
	if list == nil {
		return "[]"
	}
	return jsonText(list)
}

func (accountRow) TableName() string { return "account" }

func accountRowOf(p auth.Person) accountRow {
	return accountRow{ID: string(p.ID), Username: p.Username, Name: p.Name, Roles: jsonList(p.Roles), Scope: jsonText(p.Scope),
		Disabled: p.Disabled, Founder: p.Founder, IsAdmin: p.IsAdmin(), IsApprover: p.IsApprover(),
		Password: p.Password, TOTP: p.TOTP, TOTPPending: p.TOTPPending, TOTPCounter: p.TOTPCounter,
		Cooling: jsonList(p.Cooling), ApproverFrom: dbTime(p.ApproverFrom()), TOTPGoodFrom: dbTime(p.TOTPGoodFrom), TOTPOld: p.TOTPOld,
		TOTPOldCounter: p.TOTPOldCounter, Passkeys: jsonList(p.Passkeys), RecoveryCodes: jsonList(p.Recovery),
		CreatedAt: dbTime(p.CreatedAt), UpdatedAt: dbTime(p.UpdatedAt), LastSignInAt: dbTime(p.LastSignInAt), Version: p.Version}
}

func (r accountRow) person() (auth.Person, error) {
	p := auth.Person{
		Account: auth.Account{ID: auth.AccountID(r.ID), Username: r.Username, Name: r.Name, Disabled: r.Disabled, Founder: r.Founder,
			HasPassword: r.Password != "",
			CreatedAt:   r.CreatedAt.time(), UpdatedAt: r.UpdatedAt.time(), LastSignInAt: r.LastSignInAt.time(), Version: r.Version},
		Credentials: auth.Credentials{Password: r.Password, TOTP: r.TOTP, TOTPPending: r.TOTPPending, TOTPCounter: r.TOTPCounter,
			TOTPGoodFrom: r.TOTPGoodFrom.time(), TOTPOld: r.TOTPOld, TOTPOldCounter: r.TOTPOldCounter},
	}
	if err := json.Unmarshal([]byte(r.Roles), &p.Roles); err != nil {
		return p, fmt.Errorf("read roles of account %s: %w", r.ID, err)
	}
	if err := json.Unmarshal([]byte(r.Passkeys), &p.Passkeys); err != nil {
		return p, fmt.Errorf("read passkeys of account %s: %w", r.ID, err)
	}
	p.HasSecondFactor = len(p.TOTP) > 0 || len(p.Passkeys) > 0
	if err := json.Unmarshal([]byte(r.RecoveryCodes), &p.Recovery); err != nil {
		return p, fmt.Errorf("read recovery codes of account %s: %w", r.ID, err)
	}
	if err := json.Unmarshal([]byte(r.Cooling), &p.Cooling); err != nil {
		return p, fmt.Errorf("read new roles of account %s: %w", r.ID, err)
	}
	if err := json.Unmarshal([]byte(r.Scope), &p.Scope); err != nil {
		return p, fmt.Errorf("read scope of account %s: %w", r.ID, err)
	}
	return p, nil
}

type foundingRow struct {
	ID        int    `gorm:"column:id;primaryKey"`
	AccountID string `gorm:"column:account_id"`
	At        dbTime `gorm:"column:at"`
	EndedAt   dbTime `gorm:"column:ended_at"`
	Proof
}

func (foundingRow) TableName() string { return "founding" }

type setupLinkRow struct {
	Hash      []byte `gorm:"column:hash;primaryKey"`
	AccountID string `gorm:"column:account_id"`
	CreatedAt dbTime `gorm:"column:created_at;autoCreateTime:false"`
	ExpiresAt dbTime `gorm:"column:expires_at"`
	Proof
}

func (setupLinkRow) TableName() string { return "setup_link" }

type sessionRow struct {
	ID         string `gorm:"column:id;primaryKey"`
	AccountID  string `gorm:"column:account_id"`
	Audience   string `gorm:"column:audience"`
	Factor     string `gorm:"column:factor"`
	Source     string `gorm:"column:source"`
	UserAgent  string `gorm:"column:user_agent"`
	CreatedAt  dbTime `gorm:"column:created_at;autoCreateTime:false"`
	RefreshAt  dbTime `gorm:"column:refresh_at"`
	IdleUntil  dbTime `gorm:"column:idle_until"`
	ExpiresAt  dbTime `gorm:"column:expires_at"`
	EndedAt    dbTime `gorm:"column:ended_at"`
	EndReason  string `gorm:"column:end_reason"`
	Generation int    `gorm:"column:generation"`
	ActedOn    string `gorm:"column:acted_on"`
	Proof
}

func (sessionRow) TableName() string { return "session" }

func sessionRowOf(s auth.Session) sessionRow {
	return sessionRow{ID: string(s.ID), AccountID: string(s.Account), Audience: string(s.Audience), Factor: string(s.Factor),
		Source: s.Source, UserAgent: s.UserAgent, CreatedAt: dbTime(s.CreatedAt), RefreshAt: dbTime(s.RefreshAt),
		IdleUntil: dbTime(s.IdleUntil), ExpiresAt: dbTime(s.ExpiresAt), EndedAt: dbTime(s.EndedAt), EndReason: s.EndReason,
		Generation: s.Generation}
}

func (r sessionRow) session() auth.Session {
	return auth.Session{ID: auth.SessionID(r.ID), Account: auth.AccountID(r.AccountID), Audience: auth.Audience(r.Audience),
		Factor: auth.Factor(r.Factor), Source: r.Source, UserAgent: r.UserAgent, CreatedAt: r.CreatedAt.time(),
		RefreshAt: r.RefreshAt.time(), IdleUntil: r.IdleUntil.time(), ExpiresAt: r.ExpiresAt.time(), EndedAt: r.EndedAt.time(),
		EndReason: r.EndReason, Generation: r.Generation}
}

type refreshRow struct {
	Hash      []byte `gorm:"column:hash;primaryKey"`
	SessionID string `gorm:"column:session_id"`
	UsedAt    dbTime `gorm:"column:used_at"`
	Proof
}

func (refreshRow) TableName() string { return "session_refresh" }

type stepUpRow struct {
	ID          string `gorm:"column:id;primaryKey"`
	Code        []byte `gorm:"column:code"`
	AccountID   string `gorm:"column:account_id"`
	SessionID   string `gorm:"column:session_id"`
	DeviceID    string `gorm:"column:device_id"`
	Batch       string `gorm:"column:batch"`
	Kind        string `gorm:"column:kind"`
	Reason      string `gorm:"column:reason"`
	Summary     string `gorm:"column:summary"`
	State       string `gorm:"column:state"`
	Factor      string `gorm:"column:factor"`
	CreatedAt   dbTime `gorm:"column:created_at;autoCreateTime:false"`
	ConfirmedAt dbTime `gorm:"column:confirmed_at"`
	ExpiresAt   dbTime `gorm:"column:expires_at"`
	Proof
}

func (stepUpRow) TableName() string { return "step_up" }

func stepUpRowOf(s auth.StepUp) stepUpRow {
	return stepUpRow{ID: s.ID, Code: s.Code[:], AccountID: string(s.Account), SessionID: string(s.Session), DeviceID: string(s.Device),
		Batch: s.Batch, Kind: string(s.Kind), Reason: s.Reason, Summary: s.Summary, State: string(s.State), Factor: string(s.Factor),
		CreatedAt: dbTime(s.CreatedAt), ConfirmedAt: dbTime(s.ConfirmedAt), ExpiresAt: dbTime(s.ExpiresAt)}
}

func (r stepUpRow) stepUp() (auth.StepUp, error) {
	code, err := hashFrom(r.Code)
	return auth.StepUp{ID: r.ID, Code: code, Account: auth.AccountID(r.AccountID), Session: auth.SessionID(r.SessionID),
		Device: device.ID(r.DeviceID), Batch: r.Batch, Kind: device.Kind(r.Kind), Reason: r.Reason, Summary: r.Summary,
		State: auth.StepUpState(r.State), Factor: auth.Factor(r.Factor), CreatedAt: r.CreatedAt.time(), ConfirmedAt: r.ConfirmedAt.time(), ExpiresAt: r.ExpiresAt.time()}, err
}

type ceremonyRow struct {
	Hash      []byte `gorm:"column:hash;primaryKey"`
	Purpose   string `gorm:"column:purpose"`
	AccountID string `gorm:"column:account_id"`
	SessionID string `gorm:"column:session_id"`
	Subject   string `gorm:"column:subject"`
	State     []byte `gorm:"column:state"`
	CreatedAt dbTime `gorm:"column:created_at;autoCreateTime:false"`
	ExpiresAt dbTime `gorm:"column:expires_at"`
}

func (ceremonyRow) TableName() string { return "ceremony" }

type tokenRow struct {
	ID         string `gorm:"column:id;primaryKey"`
	AccountID  string `gorm:"column:account_id"`
	Name       string `gorm:"column:name"`
	Scope      string `gorm:"column:scope"`
	Hash       []byte `gorm:"column:hash"`
	CreatedAt  dbTime `gorm:"column:created_at;autoCreateTime:false"`
	ExpiresAt  dbTime `gorm:"column:expires_at"`
	LastUsedAt dbTime `gorm:"column:last_used_at"`
	RevokedAt  dbTime `gorm:"column:revoked_at"`
	Proof
}

func (tokenRow) TableName() string { return "api_token" }

func (r tokenRow) token() (auth.Token, error) {
	t := auth.Token{ID: auth.TokenID(r.ID), Account: auth.AccountID(r.AccountID), Name: r.Name, CreatedAt: r.CreatedAt.time(),
		ExpiresAt: r.ExpiresAt.time(), LastUsedAt: r.LastUsedAt.time(), RevokedAt: r.RevokedAt.time()}
	if err := json.Unmarshal([]byte(r.Scope), &t.Scope); err != nil {
		return t, fmt.Errorf("read scope of API token %s: %w", r.ID, err)
	}
	return t, nil
}

type throttleRow struct {
	Key          string `gorm:"column:key;primaryKey"`
	Failures     int    `gorm:"column:failures"`
	Since        dbTime `gorm:"column:since"`
	Last         dbTime `gorm:"column:last"`
	BlockedUntil dbTime `gorm:"column:blocked_until"`
}

func (throttleRow) TableName() string { return "throttle" }

func (r throttleRow) throttle() auth.Throttle {
	return auth.Throttle{Failures: r.Failures, Since: r.Since.time(), Last: r.Last.time(), BlockedUntil: r.BlockedUntil.time()}
}

type signingKeyRow struct {
	ID        string `gorm:"column:id;primaryKey"`
	Replaces  string `gorm:"column:replaces"`
	Sealed    []byte `gorm:"column:sealed"`
	CreatedAt dbTime `gorm:"column:created_at;autoCreateTime:false"`
}

func (signingKeyRow) TableName() string { return "signing_key" }

func hashFrom(b []byte) (auth.Hash, error) {
	if len(b) != len(auth.Hash{}) {
		return auth.Hash{}, fmt.Errorf("a stored hash has %d bytes", len(b))
	}
	return auth.Hash(b), nil
}
