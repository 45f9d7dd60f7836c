package api

import (
	"context"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
)

const prefix = "/api/v1"

// operationTimeout bounds an operation that does not say otherwise.
const operationTimeout = 30 * time.Second

// operation is what huma has to know of an operation, and how it is bounded.
type operation struct {
	id      string // snake_case; names the operation in generated clients
	method  string
	path    string // below /api/v1
	tag     string
	summary string
	about   string // may be empty
	// status is 200 when it is not set.
	status int
	// limit of the body in bytes; bodyLimit when it is not set.
	limit int64
	// timeout; operationTimeout when it is not set. Negative: none.
	timeout time.Duration
}

// register adds one operation. It is the only way in: it notes the route in the
// table, panics when auth does not know the permission, and puts admit before
// the handler. Errors of the handler go through problemOf.
func register[I, O any](a *API, op operation, who access, handler func(context.Context, *I) (*O, error)) {
	path := prefix + op.path
	mustShow(reflect.TypeFor[I]())
	a.note(op.id, op.method, path, who)
	limit := op.limit
	if limit == 0 {
		limit = bodyLimit
	}
	timeout := op.timeout
	if timeout == 0 {
		timeout = operationTimeout
	}
	h := huma.Operation{
		OperationID: op.id, Method: op.method, Path: path, Tags: []string{op.tag},
		Summary: op.summary, Description: op.about, DefaultStatus: op.status,
		// admit has read the body already; huma reads what it put back.
		MaxBodyBytes: limit, BodyReadTimeout: -1,
		RejectUnknownQueryParameters: true,
		Errors:                       errorsOf(op.method, who),
		Extensions:                   map[string]any{},
		Middlewares: huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
			a.around(humagin.Unwrap(ctx), who, limit, timeout, func() { next(ctx) })
		}},
	}
	if !who.open {
		h.Security = []map[string][]string{{securityScheme: {}}}
		h.Extensions["x-permission"] = string(who.permission)
	}
	answer := func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			return nil, problemOf(ctx, a.log, err)
		}
		return out, nil
	}
	if who.self {
		h.Extensions["x-public"] = true
		huma.Register(a.outside, h, answer)
		// The description is one for both listeners; the console's has no such route.
		h.Middlewares = huma.Middlewares{func(ctx huma.Context, _ func(huma.Context)) { notFound(humagin.Unwrap(ctx)) }}
	}
	huma.Register(a.huma, h, answer)
}

// mustShow panics for a parameter that huma would not see: it skips embedded
// types whose names are not exported, and the parameters with them.
func mustShow(input reflect.Type) {
	for i := range input.NumField() {
		if f := input.Field(i); f.Anonymous && !f.IsExported() {
			panic("api: the parameters in " + f.Name + " of " + input.Name() + " would be ignored")
		}
	}
}

// handle adds a route that huma does not know: streams and pages. It stands in
// the same table.
func (a *API) handle(method, path string, who access, handler gin.HandlerFunc) {
	a.note("", method, path, who)
	a.admin.Handle(method, ginPath(path), func(c *gin.Context) {
		if a.admit(c, who, bodyLimit) {
			handler(c)
		}
	})
}

// around is what every operation passes: admission and a time limit.
func (a *API) around(c *gin.Context, who access, limit int64, timeout time.Duration, next func()) {
	if !a.admit(c, who, limit) {
		return
	}
	if timeout > 0 {
		ctx, cancel := context.WithTimeout(c.Request.Context(), timeout)
		defer cancel()
		c.Request = c.Request.WithContext(ctx)
	}
	next()
}

// errorsOf are the error answers that the description shows for an operation.
func errorsOf(method string, who access) []int {
	list := []int{http.StatusBadRequest, http.StatusNotFound, http.StatusUnprocessableEntity,
		http.StatusTooManyRequests, http.StatusServiceUnavailable}
	if !who.open {
		list = append(list, http.StatusUnauthorized, http.StatusForbidden)
	}
	if method != http.MethodGet {
		list = append(list, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if method == http.MethodPatch || method == http.MethodPut || method == http.MethodDelete {
		list = append(list, http.StatusPreconditionFailed)
	}
	return list
}

const securityScheme = "access_token"

var humaGlobals sync.Once

// configure sets what huma keeps in package variables, and returns the rest.
func configure(version string) huma.Config {
	humaGlobals.Do(func() {
		// Otherwise "Kind" slips past the check of "kind" and is decoded all the same.
		huma.ValidateStrictCasing = true
		huma.DefaultArrayNullable = false
		huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
			return humaProblem(context.Background(), status, message, errs...)
		}
		huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
			return humaProblem(ctx.Context(), status, message, errs...)
		}
	})
	cfg := huma.DefaultConfig("Wardline", version)
	cfg.CreateHooks = nil // they would add a $schema to every answer
	cfg.DocsPath, cfg.SchemasPath, cfg.OpenAPIPath = "", "", ""
	cfg.Formats = map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat}
	cfg.DefaultFormat = "application/json"
	cfg.Transformers = []huma.Transformer{noNulls, speaking}
	cfg.Info.Description = "Mobile device management for a hospital's infusion pumps and staff phones."
	cfg.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	vocabulary(cfg.Components.Schemas)
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		securityScheme: {Type: "http", Scheme: "bearer", BearerFormat: "JWT",
			Description: "An access token from POST /api/v1/auth/login, or an API token."},
	}
	return cfg
}

// noNulls turns nil slices into empty ones: a list is never null.
func noNulls(_ huma.Context, _ string, v any) (any, error) {
	if _, isProblem := v.(*Problem); isProblem || v == nil {
		return v, nil
	}
	value := reflect.New(reflect.TypeOf(v)).Elem()
	value.Set(reflect.ValueOf(v))
	fillSlices(value)
	return value.Interface(), nil
}

func fillSlices(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fillSlices(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fillSlices(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.IsNil() && v.CanSet() && v.Type().Elem().Kind() != reflect.Uint8 {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		if k := v.Type().Elem().Kind(); k == reflect.Struct || k == reflect.Pointer || k == reflect.Slice {
			for i := range v.Len() {
				fillSlices(v.Index(i))
			}
		}
	}
}
