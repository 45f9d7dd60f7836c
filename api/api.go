package api

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"wardline/audit"
	"wardline/auth"
	"wardline/internal/auditlog"
	"wardline/internal/fault"
)

// Options are what the API is built from. Everything but the last block is
// required.
type Options struct {
	People        People
	Inventory     Inventory
	Commands      Commands
	Shifts        Shifts
	Enrollment    Enrollment
	Configuration Configuration
	Audit         AuditLog
	// OpenHead verifies a signed head of the audit log. Nil: there are none.
	OpenHead func(string) (audit.SignedHead, error)
	Alerts   Alerts
	Post     Post
	Requests Requests
	// Certificates holds what evidence is verified with.
	Certificates Certificates
	// Feed follows the audit log for the event stream.
	Feed *auditlog.Feed

	// Version stands in the description of the API.
	Version string
	// Settings is what GET /settings says. Nil: only what this package knows itself.
	Settings func() Settings
	// Healthz and Readyz answer on the admin listener. Nil: /healthz says ok, and
	// /readyz too.
	Healthz, Readyz http.Handler
	// Pages answers everything outside of /api on the admin listener: the console.
	// Nil: not found.
	Pages http.Handler
	// PublicPages answers /self and /found on the public listener. Nil: not found.
	PublicPages http.Handler
	// TrustedProxies are addresses or networks whose X-Forwarded-For is believed.
	TrustedProxies []string
	// Now and NewID may be nil: time.Now, and UUIDv7.
	Now   func() time.Time
	NewID func() string
	// Log may be nil.
	Log *slog.Logger
}

// API answers the admin listener and the public one. It is safe for concurrent
// use once made.
type API struct {
	auth          People
	inventory     Inventory
	commands      Commands
	shifts        Shifts
	enroll        Enrollment
	configuration Configuration
	audit         AuditLog
	openHead      func(string) (audit.SignedHead, error)
	alerts        Alerts
	post          Post
	requests      Requests
	certificates  Certificates
	feed          *auditlog.Feed
	settings      func() Settings
	now           func() time.Time
	newID         func() string
	log           *slog.Logger

	admin  *gin.Engine
	public *gin.Engine
	huma   huma.API
	// outside are the operations of the public listener.
	outside  huma.API
	routes   []Route
	openAPI  []byte
	underWay underWay
	streams  streams
	numbers  numbers
}

// New builds the API with all its routes.
func New(o Options) (*API, error) {
	a := &API{auth: o.People, inventory: o.Inventory, commands: o.Commands, shifts: o.Shifts, enroll: o.Enrollment, configuration: o.Configuration, audit: o.Audit, openHead: o.OpenHead,
		alerts: o.Alerts, post: o.Post, requests: o.Requests, certificates: o.Certificates, feed: o.Feed, settings: o.Settings, now: o.Now, newID: o.NewID, log: o.Log}
	a.streams.ended = make(chan struct{})
	if a.now == nil {
		a.now = time.Now
	}
	if a.newID == nil {
		a.newID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if a.admin, err = a.engine(o.TrustedProxies); err != nil {
		return nil, err
	}
	if a.public, err = a.engine(o.TrustedProxies); err != nil {
		return nil, err
	}
	a.huma, a.outside = humagin.New(a.admin, configure(o.Version)), humagin.New(a.public, configure(o.Version))
	a.register(o)
	if a.openAPI, err = json.MarshalIndent(a.huma.OpenAPI(), "", "  "); err != nil {
		return nil, fmt.Errorf("write the description of the API: %w", err)
	}
	a.openAPI = append(a.openAPI, '\n')
	return a, nil
}

// engine makes a gin engine that answers in problems only.
func (a *API) engine(proxies []string) (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash, e.RedirectFixedPath = false, false
	if err := e.SetTrustedProxies(proxies); err != nil {
		return nil, fmt.Errorf("trusted proxies: %w", err)
	}
	e.Use(frame(a.newID, a.log), sameOrigin)
	e.NoMethod(noMethod)
	e.NoRoute(notFound)
	return e, nil
}

func (a *API) register(o Options) {
	a.registerPeople()
	a.registerDevices()
	a.registerLosses()
	a.registerSelf()
	a.registerOwnDevices()
	a.registerOwnPhones()
	a.registerOwnHandhelds()
	a.registerStations()
	a.registerHandhelds()
	a.registerLossCodes()
	a.registerEvidence()
	a.registerCommands()
	a.registerBatches()
	a.registerOffers()
	a.registerPlaces()
	a.registerModels()
	a.registerInvitations()
	a.registerConfigurations()
	a.registerAudit()
	a.registerAccounts()
	a.registerStepUps()
	a.registerSettings()
	a.registerFreezes()
	a.registerLimits()
	a.registerBreakGlass()
	a.registerOverview()
	a.registerAlerts()
	a.handle(http.MethodGet, prefix+"/events", may(auth.EventsRead), a.events)
	a.handle(http.MethodGet, prefix+"/openapi.json", anyone, func(c *gin.Context) {
		c.Data(http.StatusOK, "application/openapi+json", a.openAPI)
	})
	a.handle(http.MethodGet, "/healthz", anyone, orOK(o.Healthz))
	a.handle(http.MethodGet, "/readyz", anyone, orOK(o.Readyz))
	if o.Pages != nil {
		a.admin.NoRoute(func(c *gin.Context) {
			if c.Request.URL.Path == "/api" || strings.HasPrefix(c.Request.URL.Path, "/api/") {
				notFound(c)
				return
			}
			c.Status(http.StatusOK) // gin has written down 404 already
			o.Pages.ServeHTTP(c.Writer, c.Request)
			c.Abort()
		})
	}
	a.public.GET("/healthz", orOK(o.Healthz))
	if o.PublicPages != nil {
		pages := gin.WrapH(o.PublicPages)
		a.public.GET("/self", pages)
		a.public.GET("/self/*rest", pages)
		a.public.GET("/found/:tag", slowly(foundPagesAMinute), pages)
	}
}

func orOK(h http.Handler) gin.HandlerFunc {
	if h == nil {
		return func(c *gin.Context) { c.String(http.StatusOK, "ok\n") }
	}
	return gin.WrapH(h)
}

func notFound(c *gin.Context) {
	writeProblem(c, newProblem(c.Request.Context(), fault.CodeNotFound.New("There is nothing here.")))
}

// Admin is the handler of the admin listener.
func (a *API) Admin() http.Handler { return a.admin }

// Public is the handler of the public listener: the operations that people need
// for themselves, with sessions of another audience. Everything else is not found
// there, but for a health answer.
func (a *API) Public() http.Handler { return a.public }
