package app

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"wardline/agent"
	"wardline/audit"
	"wardline/auth"
	"wardline/ca"
	"wardline/device"
	"wardline/enroll"
	"wardline/internal/fault"
	"wardline/internal/wake"
	"wardline/inventory"
	"wardline/store"
)

type (
	enrollmentID = device.EnrollmentID
	fingerprint  = device.Fingerprint
)

// lateSource reads through the app's store, which is opened after the hub is
// made.
type lateSource struct{ a *App }

func (l lateSource) WorkSnapshot(ctx context.Context) ([]wake.Work, error) {
	return l.a.store.WorkSnapshot(ctx)
}

func (l lateSource) DueWork(ctx context.Context, ids []enrollmentID) ([]wake.Work, error) {
	return l.a.store.DueWork(ctx, ids)
}

// lateLog follows the audit log of the app's store, which is opened after the
// feed is made.
type lateLog struct{ a *App }

func (l lateLog) AuditHead(ctx context.Context) (audit.Head, error) { return l.a.store.AuditHead(ctx) }

func (l lateLog) AuditSince(ctx context.Context, seq int64, limit int) ([]audit.Event, int64, error) {
	return l.a.store.AuditSince(ctx, seq, limit)
}

// bindings says to the agent protocol whose certificate is whose.
type bindings struct{ enroll *enroll.Service }

func (b bindings) Bind(ctx context.Context, fp fingerprint) (agent.Identity, error) {
	found, err := b.enroll.Bind(ctx, fp)
	if fault.Has(err, fault.CodeNotFound) {
		return agent.Identity{}, errors.Join(agent.ErrUnknownCertificate, err)
	}
	if err != nil {
		return agent.Identity{}, err
	}
	who := agent.Identity{Device: found.Device, Enrollment: found.Enrollment, Epoch: found.Epoch, Class: found.Class,
		Completed: found.Completed, PublicKey: found.PublicKey, Fingerprint: fp}
	switch found.Status {
	case enroll.BindingActive:
		who.Standing = agent.StandingActive
	case enroll.BindingContained:
		who.Standing = agent.StandingContained
	}
	return who, nil
}

func (b bindings) Complete(ctx context.Context, who agent.Identity) error {
	found, err := b.enroll.Bind(ctx, who.Fingerprint)
	if err != nil {
		return err
	}
	return b.enroll.Complete(ctx, found)
}

// telemetry hands what agents report to the inventory.
type telemetry struct{ *inventory.Telemetry }

func (t telemetry) KnowsInventory(ctx context.Context, id device.ID, hash string) (bool, error) {
	return !t.WantsInventory(ctx, id, hash), nil
}

func (t telemetry) Inventory(ctx context.Context, id device.ID, hash string, i agent.Inventory) error {
	f := inventory.Facts{Maker: i.Maker, Model: i.Model, Serial: i.Serial, SoftwareVersion: i.SoftwareVersion,
		FirmwareVersion: i.FirmwareVersion, OSVersion: i.OSVersion, AgentVersion: i.AgentVersion, IMEI: i.IMEI, MAC: i.MAC}
	for _, app := range i.Apps {
		f.Apps = append(f.Apps, inventory.App(app))
	}
	return t.Telemetry.Inventory(ctx, id, hash, f)
}

// alerts records what a person must hear of; the audit log's readers are told of
// it at once.
type alerts struct{ store *store.Store }

func (a alerts) Clone(ctx context.Context, who agent.Identity, boots [2]string) error {
	return a.store.Record(ctx, audit.Event{
		Actor:  audit.Actor{Kind: audit.ActorDevice, ID: string(who.Device), Via: "agent"},
		Action: "alert.clone", Device: string(who.Device), Enrollment: string(who.Enrollment),
		Detail: map[string]any{"boot_ids": boots[:], "fingerprint": string(who.Fingerprint)},
	})
}

// statusChanged drops what is cached of certificates whose status changed on any
// replica.
func (a *App) statusChanged(changes []ca.Status) {
	for _, c := range changes {
		a.hub.Drop(c.Fingerprint)
	}
}

func pemOf(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// clock is the server's clock.
func (a *App) clock() time.Time {
	if a.o.Now != nil {
		return a.o.Now()
	}
	return time.Now()
}

// step names a background step in its error.
func step(what string, f func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := f(ctx); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	}
}

// approvers names, in words, who may be the second person for a kind.
func approvers(kind device.Kind, class device.Class) string {
	permission, known := auth.PermissionForKind(kind, device.SubkindNone, class)
	if !known {
		return "nobody"
	}
	var words []string
	for _, r := range auth.Roles() {
		if g := auth.GrantOf(permission, r); g == auth.GrantSecond || g == auth.GrantBoth {
			words = append(words, r.Words())
		}
	}
	return strings.Join(words, " or ")
}
