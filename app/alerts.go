package app

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"wardline/alert"
	"wardline/audit"
	"wardline/auth"
	"wardline/ca"
	"wardline/commands"
	"wardline/internal/fault"
	"wardline/internal/mail"
	"wardline/internal/webhook"
)

const (
	// postEvery is how often new messages are looked for when nothing nudges:
	// another server's alerts, and attempts that come due.
	postEvery  = 2 * time.Second
	watchEvery = time.Minute
)

// outgoing makes what sends mail (nil: no mail server is configured) and calls
// webhooks.
func (o *Options) outgoing() (alert.Mailer, alert.Caller, error) {
	var mailer alert.Mailer
	if o.MailServer != "" {
		m, err := mail.New(mail.Options{Server: o.MailServer, Security: mail.Security(o.MailSecurity), User: o.MailUser,
			PasswordFile: o.MailPasswordFile, From: o.MailFrom, CAFile: o.MailCAFile})
		if err != nil {
			return nil, nil, codeBadOption.Wrap(err, "--mail-server and what belongs to it: %v", err)
		}
		mailer = m
	}
	var allow []netip.Prefix
	for _, text := range o.WebhookAllow {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, nil, codeBadOption.New("--webhook-allow %q is not a network such as 127.0.0.1/32", text)
		}
		allow = append(allow, p)
	}
	caller, err := webhook.New(webhook.Options{Allow: allow, CAFile: o.WebhookCAFile, Version: o.Version})
	if err != nil {
		return nil, nil, codeBadOption.Wrap(err, "--webhook-ca-file: %v", err)
	}
	return mailer, caller, nil
}

func (a *App) buildAlerts() error {
	mailer, caller, err := a.o.outgoing()
	if err != nil {
		return err
	}
	a.alerts = alert.New(alert.Options{Storage: a.store, Keys: a.master})
	a.post = alert.NewPost(alert.PostOptions{Storage: a.store, Mailer: mailer, Caller: caller, Concerned: a.concerned, Keys: a.master,
		AdminURL: a.o.AdminURL, Now: a.o.Now, Log: a.o.Log})
	a.watch = alert.NewWatch(alert.WatchOptions{Storage: a.store, Certificates: a.ownCertificates})
	return nil
}

// ownCertificates are the server's own, for people.
func (a *App) ownCertificates() []alert.ServerCertificate {
	names := map[ca.Role]string{ca.RoleRoot: "root CA", ca.RoleIssuing: "issuing CA", ca.RoleRA: "enrollment service",
		ca.RoleCommand: "signer of commands", ca.RoleOCSP: "OCSP responder"}
	list := []alert.ServerCertificate{{Name: "listeners", NotAfter: a.tls.Leaf().NotAfter}}
	for role, name := range names {
		list = append(list, alert.ServerCertificate{Name: name, NotAfter: a.authority.Certificate(role).NotAfter})
	}
	return list
}

// concerned finds whom an alert concerns among those who can be told by mail.
func (a *App) concerned(ctx context.Context, one alert.Alert, people []alert.Recipient) ([]alert.Account, error) {
	switch one.Rule {
	case alert.RuleAccountChanged:
		return among(people, one.Account, auth.RoleSecurity), nil
	case alert.RuleRecovery:
		return among(people, one.Account, auth.RoleSecurity, auth.RoleAdmin), nil
	case alert.RuleApprovalWanted, alert.RuleApprovalDecided:
	default:
		return nil, nil
	}
	m, err := a.matter(ctx, one.Subject)
	if err != nil || m.asker.Account == "" {
		return nil, err
	}
	if one.Rule == alert.RuleApprovalDecided {
		return []alert.Account{alert.Account(m.asker.Account)}, nil
	}
	var may []alert.Account
	for _, r := range people {
		ok, err := a.auth.MaySecond(ctx, auth.AccountID(r.Account), m.permission, m.target, m.asker)
		if err != nil {
			return nil, err
		}
		if ok {
			may = append(may, r.Account)
		}
	}
	return may, nil
}

// among are the owner of an account and those who hold one of the roles.
func among(people []alert.Recipient, owner alert.Account, roles ...auth.Role) []alert.Account {
	var out []alert.Account
	for _, r := range people {
		if r.Account == owner || slices.ContainsFunc(roles, func(role auth.Role) bool { return slices.Contains(r.Roles, string(role)) }) {
			out = append(out, r.Account)
		}
	}
	return out
}

// matter is something that a second person decides.
type matter struct {
	permission auth.Permission
	target     auth.Target
	asker      auth.Asker
}

// matter finds out about it, by the subject of an alert. What is gone meanwhile
// concerns nobody any more.
func (a *App) matter(ctx context.Context, subject string) (matter, error) {
	noun, id, _ := strings.Cut(subject, ":")
	switch noun {
	case "command":
		return a.matterOfCommand(ctx, commands.ID(id))
	case "batch":
		page, err := a.commands.List(ctx, commands.Query{Batch: commands.BatchID(id), Limit: 1})
		if err != nil || len(page.Items) == 0 {
			return matter{}, err
		}
		return a.matterOfCommand(ctx, page.Items[0].ID)
	case "freeze":
		z, err := a.commands.Freeze(ctx, id)
		if err != nil || z.Lift == nil {
			return matter{}, gone(err)
		}
		m := matter{permission: auth.FreezeLift, target: auth.Anywhere, asker: askerOf(z.Lift.By)}
		for _, r := range z.Lift.Roles {
			m.asker.Roles = append(m.asker.Roles, auth.Role(r))
		}
		return m, nil
	case "limit":
		holds, err := a.commands.Limits(ctx)
		for _, c := range holds.Changes {
			if string(c.Rule) == id {
				return matter{auth.SettingsManage, auth.Anywhere, askerOf(c.AskedBy)}, nil
			}
		}
		return matter{}, err
	case "alert_rule":
		_, changes, err := a.alerts.Settings(ctx)
		for _, c := range changes {
			if string(c.Next.Rule) == id {
				return matter{auth.SettingsManage, auth.Anywhere, askerOf(c.AskedBy)}, nil
			}
		}
		return matter{}, err
	case "account_change":
		c, err := a.store.AccountChange(ctx, auth.ChangeID(id))
		if err != nil {
			return matter{}, gone(err)
		}
		return matter{auth.AccountsManage, auth.Anywhere, auth.Asker{Account: c.AskedBy, Session: c.AskedIn}}, nil
	}
	return matter{}, nil
}

func (a *App) matterOfCommand(ctx context.Context, id commands.ID) (matter, error) {
	c, err := a.commands.Get(ctx, id)
	if err != nil {
		return matter{}, gone(err)
	}
	item, err := a.inventory.Get(ctx, c.Device)
	if err != nil {
		return matter{}, gone(err)
	}
	permission, known := auth.PermissionForKind(c.Kind, c.Subkind, c.Class)
	if !known {
		return matter{}, nil
	}
	if _, glass := c.Plea(); glass {
		permission = auth.BreakGlassOpen
	}
	return matter{permission, auth.Target{Class: c.Class, Model: item.Device.Model, Site: item.Site(), Ward: item.Ward(), Owner: item.Device.Owner},
		askerOf(c.Requester)}, nil
}

// gone: what is not there concerns nobody.
func gone(err error) error {
	if fault.Has(err, fault.CodeNotFound) {
		return nil
	}
	return err
}

func askerOf(actor audit.Actor) auth.Asker {
	if actor.Kind == audit.ActorToken {
		return auth.Asker{Account: auth.AccountID(actor.Owner), Token: auth.TokenID(actor.ID)}
	}
	return auth.Asker{Account: auth.AccountID(actor.ID), Session: auth.SessionID(actor.Session)}
}
