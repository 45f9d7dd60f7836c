package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"wardline/audit"
	"wardline/auth"
	"wardline/inventory"
)

const (
	importLimit   = inventory.MaxCSVBytes + 1<<10
	importTimeout = 2 * time.Minute
	// pageDeadline is how long a client may take to receive one page of an export.
	pageDeadline = 30 * time.Second
)

type importInput struct {
	IdempotentInput
	DryRun  bool   `query:"dry_run" doc:"Check the whole file and change nothing."`
	RawBody []byte `contentType:"text/csv"`
}

// ImportView is what came of a CSV file.
type ImportView struct {
	DryRun     bool           `json:"dry_run"`
	Rows       int            `json:"rows"`
	Registered int            `json:"registered"`
	Already    bool           `json:"already" doc:"The same file was taken in before; nothing was done again."`
	Errors     []RowErrorView `json:"errors" doc:"Every bad row, in a dry run."`
	MoreErrors bool           `json:"more_errors" doc:"Only the first 500 errors are listed."`
}

// RowErrorView says what is wrong in one place of a CSV file.
type RowErrorView struct {
	Line   int    `json:"line" doc:"From 1, as an editor counts."`
	Column string `json:"column" doc:"Empty: the whole line."`
	Reason string `json:"reason"`
}

func importView(d inventory.ImportResult) ImportView {
	v := ImportView{DryRun: d.DryRun, Rows: d.Rows, Registered: d.Registered, Already: d.Already, MoreErrors: d.MoreErrors}
	for _, e := range d.Errors {
		v.Errors = append(v.Errors, RowErrorView{Line: e.Line, Column: e.Column, Reason: e.Reason})
	}
	return v
}

type importer func(ctx context.Context, actor audit.Actor, file io.Reader, dryRun bool) (inventory.ImportResult, error)

func (a *API) importDevices(ctx context.Context, in *importInput) (*output[ImportView], error) {
	return a.importFile(ctx, in, auth.DevicesImport, a.inventory.ImportDelivery)
}

func (a *API) importAccessPoints(ctx context.Context, in *importInput) (*output[ImportView], error) {
	return a.importFile(ctx, in, auth.PlacesWrite, a.inventory.ImportAccessPoints)
}

// importFile hands a file over. It names places and classes row by row, so only
// somebody who is limited to none may send one.
func (a *API) importFile(ctx context.Context, in *importInput, permission auth.Permission, effect importer) (*output[ImportView], error) {
	p := principalOf(ctx)
	if reach, _ := auth.ReachOf(p, permission); !reach.Unlimited() {
		return nil, codeOtherSite.New("A file may name any site and class, and your account holds for some only.")
	}
	// The same bytes register nothing twice: that is what the file's hash is for.
	d, err := effect(ctx, p.Actor(), bytes.NewReader(in.RawBody), in.DryRun)
	if err != nil {
		return nil, err
	}
	return &output[ImportView]{Body: importView(d)}, nil
}

type exportInput struct {
	DeviceFilter
}

type exportOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        func(huma.Context)
}

// exportDevices streams a CSV file of all devices that match. Permission, scope
// and the first page are settled before the first byte; what goes wrong later
// breaks the connection, so that a cut file is never taken for a whole one.
func (a *API) exportDevices(ctx context.Context, in *exportInput) (*exportOutput, error) {
	p := principalOf(ctx)
	if err := in.readable(p); err != nil {
		return nil, err
	}
	reach, _ := auth.ReachOf(p, auth.DevicesExport)
	scope, exact := scopeOf(reach)
	if !exact {
		return nil, codeOtherSite.New("Your account holds for some devices only; there is no export for it.")
	}
	export, err := a.inventory.Export(ctx, p.Actor(), in.query(scope))
	if err != nil {
		return nil, err
	}
	return &exportOutput{ContentType: "text/csv; charset=utf-8", Disposition: `attachment; filename="devices.csv"`,
		Body: func(hc huma.Context) { a.stream(ctx, humagin.Unwrap(hc), export) }}, nil
}

func (a *API) stream(ctx context.Context, c *gin.Context, export *inventory.Export) {
	ctl := http.NewResponseController(c.Writer)
	// Not every writer has a connection below it (tests): then there is no deadline.
	deadline := func(t time.Time) { _ = ctl.SetWriteDeadline(t) }
	defer deadline(time.Time{})
	err := export.Write(ctx, c.Writer, func() error {
		deadline(time.Now().Add(pageDeadline))
		return ctx.Err()
	})
	if err != nil {
		a.log.ErrorContext(ctx, "export broken off", "request_id", requestID(ctx), "error", err)
		panic(http.ErrAbortHandler)
	}
}
