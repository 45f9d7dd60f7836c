package api

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"wardline/audit"
	"wardline/auth"
	"wardline/ca"
	"wardline/commands"
	"wardline/device"
	"wardline/evidence"
	"wardline/internal/auditlog"
	"wardline/internal/fault"
	"wardline/internal/translate"
	"wardline/inventory"
)

// Certificates is what evidence needs of the certificate authority's records;
// *store.Store is one.
type Certificates interface {
	LoadIssuers(ctx context.Context) ([]ca.Issuer, error)
	CertificateDER(ctx context.Context, fp device.Fingerprint) ([]byte, error)
}

func (a *API) registerEvidence() {
	register(a, operation{id: "get_loss_report", method: http.MethodGet, path: "/devices/{id}/loss-report", tag: "losses",
		summary: "The loss report for a privacy officer: each fact with its source and its age",
		about: "As JSON, as a page for print (text/html), or as application/pdf: by Accept, or by format. In the language of Accept-Language, " +
			"or of language. Where it tells where a person was, that look is recorded."},
		may(auth.EvidenceRead), a.lossReport)
	register(a, operation{id: "export_receipts", method: http.MethodGet, path: "/commands/{id}/receipts", tag: "commands",
		summary: "What the device signed about a command, with all that a stranger needs to verify it offline",
		about:   "Verify it with `wardline receipts verify`."}, may(auth.EvidenceRead), a.exportReceipts)
	// A stream has no form of its own in the description.
	ok := a.huma.OpenAPI().Paths[prefix+"/devices/{id}/loss-report"].Get.Responses["200"]
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[evidence.Report](), true, "LossReport")
	text := &huma.Schema{Type: huma.TypeString}
	ok.Content = map[string]*huma.MediaType{"application/json": {Schema: schema}, "text/html": {Schema: text},
		"application/pdf": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
}

type lossReportInput struct {
	DeviceInput
	Format         string `query:"format" enum:"json,html,pdf" doc:"Default: as Accept says, or json."`
	Language       string `query:"language" enum:"en,de" doc:"Default: as Accept-Language says."`
	Accept         string `header:"Accept"`
	AcceptLanguage string `header:"Accept-Language"`
}

func (in lossReportInput) format() string {
	switch {
	case in.Format != "":
		return in.Format
	case strings.Contains(in.Accept, "application/pdf"):
		return "pdf"
	case strings.Contains(in.Accept, "text/html"):
		return "html"
	}
	return "json"
}

func (a *API) lossReport(ctx context.Context, in *lossReportInput) (*huma.StreamResponse, error) {
	item, err := a.reachDevice(ctx, in.ID, auth.EvidenceRead)
	if err != nil {
		return nil, err
	}
	language := in.AcceptLanguage
	if in.Language != "" {
		language = in.Language
	}
	catalogue := translate.For(language)
	input, err := a.known(ctx, item)
	if err != nil {
		return nil, err
	}
	input.German, input.Say = catalogue != nil, catalogue.Say
	report := evidence.Build(input)
	var file bytes.Buffer
	format := in.format()
	kind := "application/json"
	switch format {
	case "pdf":
		kind, err = "application/pdf", evidence.WritePDF(&file, report)
	case "html":
		kind, err = "text/html; charset=utf-8", evidence.WriteHTML(&file, report)
	default:
		err = json.NewEncoder(&file).Encode(report)
	}
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("loss-report-%s-%s.%s", fileName(report.Serial), report.MadeAt.UTC().Format("20060102-150405"), format)
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		ctx.SetHeader("Content-Type", kind)
		ctx.SetHeader("Content-Language", report.Language)
		if format != "json" {
			ctx.SetHeader("Content-Disposition", `inline; filename="`+name+`"`)
		}
		if format == "html" {
			ctx.SetHeader("Content-Security-Policy", "default-src 'none'; style-src '"+evidence.StyleHash()+"'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		}
		_, _ = ctx.BodyWriter().Write(file.Bytes()) // who went away needs no answer
	}}, nil
}

// fileName keeps what every file system takes.
func fileName(serial string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-' {
			return r
		}
		return '_'
	}, serial)
}

// ordersInReport bounds how many commands a report tells of.
const ordersInReport = 40

// known gathers what a loss report says.
func (a *API) known(ctx context.Context, item inventory.Item) (evidence.Input, error) {
	p, d := principalOf(ctx), item.Device
	in := evidence.Input{Now: a.now().UTC(), MadeBy: p.Username, Device: d, Model: item.Model, Place: inventory.Names(item.Path),
		Receipts: map[commands.ID][]commands.KeptReceipt{}}
	if c := item.Certificate; c != nil {
		in.CertificateStatus = c.Status
	}
	head, err := a.audit.AuditHead(ctx)
	if err != nil {
		return in, err
	}
	in.HeadSeq, in.HeadHash = head.Seq, fmt.Sprintf("%x", head.Hash)
	if err := a.lossOf(ctx, d, &in); err != nil {
		return in, err
	}
	if err := a.whereabouts(ctx, item, &in); err != nil {
		return in, err
	}
	return in, a.ordersOf(ctx, d.ID, &in)
}

// lossOf reads from the audit log when and how the device was reported lost, and
// what was done to its certificates since.
func (a *API) lossOf(ctx context.Context, d device.Device, in *evidence.Input) error {
	entries, _, _, err := a.audit.ListAudit(ctx, auditlog.Query{Device: string(d.ID), Action: "device.*", Limit: 200})
	if err != nil {
		return auditFault(err)
	}
	for _, e := range entries { // newest first
		lost := text(e.Detail, "hold") == string(device.HoldLost)
		switch {
		case e.Action == inventory.ActionHeld && lost && (in.Loss == nil || in.Loss.By == ""):
			l := lossFrom(e.Event)
			if in.Loss != nil {
				l.FoundAt, l.FoundBy, l.FoundReason = in.Loss.FoundAt, in.Loss.FoundBy, in.Loss.FoundReason
			}
			in.Loss = &l
		case e.Action == inventory.ActionLifted && lost && in.Loss == nil:
			in.Loss = &evidence.Loss{FoundAt: e.At, FoundBy: actorWords(e.Actor), FoundReason: text(e.Detail, "reason")}
		}
		if action, ok := strings.CutPrefix(string(e.Action), "device."); ok && slices.Contains([]string{"contained", "released", "revoked"}, action) {
			in.Cuts = append(in.Cuts, evidence.Cut{At: e.At, Action: action, By: actorWords(e.Actor), Why: text(e.Detail, "why")})
		}
	}
	slices.Reverse(in.Cuts)
	if in.Loss != nil && in.Loss.By == "" {
		in.Loss = nil // found again, and the report of the loss is beyond what was read
	}
	return nil
}

func text(detail map[string]any, name string) string {
	s, _ := detail[name].(string)
	return s
}

// lossFrom reads the event of a report (commands.ReportLost).
func lossFrom(e audit.Event) evidence.Loss {
	l := evidence.Loss{At: e.At, By: actorWords(e.Actor), Factor: e.Actor.Factor, Via: e.Actor.Via, Reason: text(e.Detail, "reason")}
	flag := func(name string) *bool {
		b, ok := e.Detail[name].(bool)
		if !ok {
			return nil
		}
		return &b
	}
	l.Stolen, l.Own = e.Detail["stolen"] == true, e.Detail["own"] == true
	l.Encrypted, l.Passcode, l.Locked = flag("storage_encrypted"), flag("passcode_set"), flag("locked")
	heard, recorded := e.Detail["last_heard_at"].(string)
	l.Recorded = recorded
	if at, err := time.Parse(time.RFC3339, heard); err == nil {
		l.LastHeard = at
	}
	return l
}

// whereabouts adds where it was last heard, as far as this reader may know. A
// look at a person is recorded.
func (a *API) whereabouts(ctx context.Context, item inventory.Item, in *evidence.Input) error {
	p, where := principalOf(ctx), item.Where
	if item.LocationWithheld {
		if auth.Authorise(p, auth.CommandsLocate, targetOf(item)) != nil {
			in.WhereHidden = true
			return nil
		}
		var err error
		if where, err = a.inventory.Location(ctx, p.Actor(), item.Device.ID, "For the loss report."); err != nil {
			return err
		}
	}
	if where == nil {
		return nil
	}
	in.Where, in.WhereAt = inventory.Names(where.Path), where.At
	if where.Source == device.LocationCoordinates {
		in.Where = strings.TrimPrefix(fmt.Sprintf("%s, %.5f, %.5f (± %.0f m)", in.Where, where.Latitude, where.Longitude, where.AccuracyM), ", ")
	}
	return nil
}

// ordersOf adds what was asked since the loss; of a device that was never lost,
// the last orders.
func (a *API) ordersOf(ctx context.Context, id device.ID, in *evidence.Input) error {
	page, err := a.commands.List(ctx, commands.Query{Device: id, Limit: ordersInReport})
	if err != nil {
		return err
	}
	in.MoreCommands = page.Next != ""
	for _, c := range slices.Backward(page.Items) {
		// What was asked before and was open is part of it: a wipe that waited.
		if in.Loss != nil && c.CreatedAt.Before(in.Loss.At) && c.Kind != device.KindWipe {
			continue
		}
		if c.Kind == device.KindConfig || c.Kind == device.KindRefresh {
			continue
		}
		receipts, err := a.commands.Receipts(ctx, c.ID)
		if err != nil {
			return err
		}
		in.Commands, in.Receipts[c.ID] = append(in.Commands, c), receipts
	}
	return nil
}

func (a *API) exportReceipts(ctx context.Context, in *CommandInput) (*output[commands.Bundle], error) {
	c, _, d, err := a.reachCommand(ctx, in.ID, auth.EvidenceRead)
	if err != nil {
		return nil, err
	}
	kept, err := a.commands.Receipts(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	b := commands.Bundle{Format: commands.BundleFormat, Command: c.ID, Kind: c.Kind, Device: c.Device, Serial: d.Serial,
		Order: c.Order, OrderHash: c.OrderHash, MadeAt: a.now().UTC()}
	for _, r := range kept {
		if !r.Valid {
			continue // what proves nothing is no receipt
		}
		b.Receipts = append(b.Receipts, commands.BundledJWS{JWS: r.JWS, Status: r.Status, ReceivedAt: r.At, Certificate: r.Fingerprint})
		der, err := a.certificates.CertificateDER(ctx, r.Fingerprint)
		if err != nil {
			return nil, err
		}
		if text := pemText(der); !slices.Contains(b.Devices, text) {
			b.Devices = append(b.Devices, text)
		}
	}
	if len(b.Receipts) == 0 {
		return nil, fault.CodeNotFound.New("The device has signed nothing about this command.")
	}
	issuers, err := a.certificates.LoadIssuers(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range issuers {
		if i.Role == ca.RoleRoot || i.Role == ca.RoleIssuing {
			b.Chain = append(b.Chain, pemText(i.Certificate))
		}
	}
	return &output[commands.Bundle]{Body: b}, nil
}

func pemText(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
