package app

import (
	"context"
	"net/http"

	"wardline/api"
	"wardline/web"
)

func (a *App) buildAPI(context.Context) error {
	health := newRouter()
	a.registerHealth(health)
	origin, err := tileOrigin(a.o.MapTilesURL)
	if err != nil {
		return err
	}
	a.api, err = api.New(api.Options{
		People: a.auth, Inventory: a.inventory, Commands: a.commands, Shifts: a.shifts, Enrollment: a.enroll, Configuration: a.configuration,
		Alerts: a.alerts, Post: a.post, Audit: a.store, OpenHead: a.OpenHead, Requests: a.store, Certificates: a.store, Feed: a.feed,
		Version: a.o.Version, Settings: a.settings, Healthz: health, Readyz: health,
		Pages:          web.New(func() web.Info { return web.Info{WardURL: a.wardURL(), Version: a.o.Version, TileOrigin: origin} }),
		PublicPages:    web.NewPublic(func() web.FoundInfo { return web.FoundInfo{Organization: a.o.Organization, HelpPhone: a.o.HelpPhone} }),
		TrustedProxies: a.o.TrustedProxies,
		Now:            a.o.Now, Log: a.o.Log,
	})
	return err
}

// wardURL is where the demo shows its simulated devices; empty in a real server.
func (a *App) wardURL() string {
	if url, ok := a.ward.Load().(string); ok {
		return url
	}
	return ""
}

// webURLs are the further addresses of the console: the demo's plain one.
func (a *App) webURLs() []string {
	if url, ok := a.web.Load().(string); ok {
		return []string{url}
	}
	return nil
}

// SetWebURL tells passkeys where the demo's plain first page is.
func (a *App) SetWebURL(url string) { a.web.Store(url) }

// SetWardURL tells the first page where the demo's ward page is.
func (a *App) SetWardURL(url string) { a.ward.Store(url) }

// PublicHandler serves self-service; the demo shows it on plain HTTP too.
func (a *App) PublicHandler() http.Handler { return a.api.Public() }

// AdminHandler serves the console and the API; the demo shows it on plain HTTP
// too.
func (a *App) AdminHandler() http.Handler { return a.api.Admin() }
