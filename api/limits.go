package api

import (
	"context"
	"net/http"
	"time"

	"wardline/auth"
	"wardline/commands"
	"wardline/commands/limits"
	"wardline/internal/fault"
	"wardline/safety"
)

func (a *API) registerLimits() {
	register(a, operation{id: "get_limits", method: http.MethodGet, path: "/limits", tag: "guard",
		summary: "How much may leave in which time, what of it is used now, and changes to come",
		about:   "What counts is what was released in the window and what may leave at any moment, in devices."},
		may(auth.SettingsRead), a.getLimits)
	register(a, operation{id: "change_limit", method: http.MethodPatch, path: "/limits", tag: "guard",
		summary: "Change the number of a limit",
		about:   "A lower number holds at once. A higher one takes a second person, and holds 24 hours after that person agreed."},
		mayFresh(auth.SettingsManage), a.changeLimit)
	register(a, operation{id: "approve_limit_change", method: http.MethodPost, path: "/limits/changes/{id}/approve", tag: "guard",
		summary: "Agree, as a second person, to raise a limit"}, mayFresh(auth.SettingsApprove), a.approveLimit)
	register(a, operation{id: "withdraw_limit_change", method: http.MethodPost, path: "/limits/changes/{id}/withdraw", tag: "guard",
		summary: "Withdraw, or deny, a change of a limit that does not hold yet"}, mayFresh(auth.SettingsApprove), a.withdrawLimit)
}

// LimitsView is the table of limits as it holds now.
type LimitsView struct {
	Version string            `json:"version" doc:"The edition of the table."`
	Items   []LimitView       `json:"items"`
	Factors []FactorLimitView `json:"factors" doc:"Which second factors the people of a role confirm with. They are changed as limits are: 1 a passkey only, 2 any factor."`
	Changes []LimitChangeView `json:"changes" doc:"Changes that do not hold yet."`
}

// LimitView is one limit.
type LimitView struct {
	ID          limits.ID     `json:"id"`
	Weight      safety.Weight `json:"weight"`
	Counts      limits.Counts `json:"counts" enum:"asked,approved,lost_wipe"`
	Per         limits.Per    `json:"per" enum:"person,server,site_class"`
	WindowHours int           `json:"window_hours"`
	Number      int           `json:"number"`
	Unit        limits.Unit   `json:"unit" enum:"devices,percent"`
	Words       string        `json:"words" speak:"words"`
	Used        *int          `json:"used" doc:"Devices: for the server as a whole, or of me for one person. Null where it differs by class and site." nullable:"true"`
}

// FactorLimitView says which second factors the people of a role confirm with.
type FactorLimitView struct {
	ID     limits.ID `json:"id"`
	Role   auth.Role `json:"role"`
	Number int       `json:"number" doc:"1: a passkey only; 2: any factor."`
	Words  string    `json:"words" speak:"words"`
}

// LimitChangeView is a change of a limit that is still to come.
type LimitChangeView struct {
	ID          string     `json:"id"`
	LimitID     limits.ID  `json:"limit_id"`
	Was         int        `json:"was"`
	Number      int        `json:"number"`
	Words       string     `json:"words" speak:"words" doc:"The limit as it would be."`
	Reason      string     `json:"reason"`
	AskedBy     string     `json:"asked_by"`
	AskerID     string     `json:"asker_id"`
	AskedAt     time.Time  `json:"asked_at"`
	ApprovedBy  string     `json:"approved_by" doc:"Empty: it waits for a second person."`
	EffectiveAt *time.Time `json:"effective_at" doc:"Null: it waits for a second person." nullable:"true"`
	MayApprove  bool       `json:"may_approve" doc:"Whether I may be the second person."`
}

func (a *API) getLimits(ctx context.Context, _ *struct{}) (*output[LimitsView], error) {
	holds, err := a.commands.Limits(ctx)
	if err != nil {
		return nil, err
	}
	p := principalOf(ctx)
	v := LimitsView{Version: limits.Version}
	for _, r := range limits.Rules() {
		number := holds.Numbers.Of(r)
		one := LimitView{ID: r.ID, Weight: r.Weight, Counts: r.Counts, Per: r.Per, WindowHours: int(r.Window / time.Hour),
			Number: number, Unit: r.Unit, Words: r.Words(number)}
		if r.Per != limits.PerSiteClass {
			used := holds.Use(r, limits.Entry{Weight: r.Weight, Person: commands.PersonOf(p.Actor()),
				Approved: r.Counts == limits.Approved, Reserved: r.Counts == limits.LostWipe}).Used
			one.Used = &used
		}
		v.Items = append(v.Items, one)
	}
	for _, r := range limits.FactorRules() {
		role, _ := limits.RoleOf(r.ID)
		number := holds.Numbers.Of(r)
		v.Factors = append(v.Factors, FactorLimitView{ID: r.ID, Role: auth.Role(role), Number: number, Words: r.Words(number)})
	}
	for _, c := range holds.Changes {
		v.Changes = append(v.Changes, limitChangeView(p, c))
	}
	return &output[LimitsView]{Body: v}, nil
}

func limitChangeView(p auth.Principal, c commands.LimitChange) LimitChangeView {
	v := LimitChangeView{ID: c.ID, LimitID: c.Rule, Was: c.Was, Number: c.Number, Reason: c.Reason, AskedBy: actorWords(c.AskedBy),
		AskerID: c.AskedBy.ID, AskedAt: c.AskedAt, EffectiveAt: timeOrNil(c.EffectiveAt)}
	if r, known := limits.RuleOf(c.Rule); known {
		v.Words = r.Words(c.Number)
	}
	if !c.ApprovedAt.IsZero() {
		v.ApprovedBy = actorWords(c.ApprovedBy)
	}
	v.MayApprove = c.EffectiveAt.IsZero() && auth.AuthoriseSecond(p, auth.SettingsManage, auth.Anywhere, askerOf(c.AskedBy)) == nil
	return v
}

type changeLimitInput struct {
	IdempotentInput
	Body struct {
		ID     limits.ID `json:"id" maxLength:"64" doc:"Which limit."`
		Number int       `json:"number" minimum:"0" maximum:"100000"`
		Reason string    `json:"reason" minLength:"3" maxLength:"500"`
	}
}

func (a *API) changeLimit(ctx context.Context, in *changeLimitInput) (*output[LimitsView], error) {
	if role, ok := limits.RoleOf(in.Body.ID); ok && in.Body.Number == limits.PasskeyOnly {
		if err := a.auth.PasskeysAtHand(ctx, auth.Role(role)); err != nil {
			return nil, err
		}
	}
	_, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		c, err := a.commands.SetLimit(ctx, principalOf(ctx).Actor(), in.Body.ID, in.Body.Number, in.Body.Reason)
		return "limit_change:" + c.ID, err
	})
	if err != nil {
		return nil, err
	}
	return a.getLimits(ctx, nil)
}

// LimitChangeInput names a change of a limit.
type LimitChangeInput struct {
	ID string `path:"id" maxLength:"64" doc:"Id of the change."`
}

type approveLimitInput struct {
	LimitChangeInput
	IdempotentInput
}

func (a *API) approveLimit(ctx context.Context, in *approveLimitInput) (*output[LimitsView], error) {
	_, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		p := principalOf(ctx)
		holds, err := a.commands.Limits(ctx)
		if err != nil {
			return "", err
		}
		for _, c := range holds.Changes {
			if c.ID != in.ID {
				continue
			}
			if err := auth.AuthoriseSecond(p, auth.SettingsManage, auth.Anywhere, askerOf(c.AskedBy)); err != nil {
				return "", err
			}
			if err := a.auth.AnotherPerson(ctx, p, askerOf(c.AskedBy)); err != nil {
				return "", err
			}
			_, err := a.commands.ApproveLimit(ctx, p.Actor(), in.ID)
			return "limit_change:" + in.ID, err
		}
		return "", fault.CodeNotFound.New("There is no such change of a limit any more.")
	})
	if err != nil {
		return nil, err
	}
	return a.getLimits(ctx, nil)
}

type withdrawLimitInput struct {
	LimitChangeInput
	IdempotentInput
	Body struct {
		Reason string `json:"reason" minLength:"3" maxLength:"500"`
	}
}

func (a *API) withdrawLimit(ctx context.Context, in *withdrawLimitInput) (*output[LimitsView], error) {
	_, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		_, err := a.commands.EndLimitChange(ctx, principalOf(ctx).Actor(), in.ID, in.Body.Reason)
		return "limit_change:" + in.ID, err
	})
	if err != nil {
		return nil, err
	}
	return a.getLimits(ctx, nil)
}
