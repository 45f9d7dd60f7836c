package api

import (
	"context"
	"net/http"
	"time"

	"wardline/auth"
)

// Settings are what a client of this server has to know of it. Nothing in them
// is secret: whoever is signed in may read them.
type Settings struct {
	Product      string `json:"product" doc:"The product's name, as it stands on screens."`
	Version      string `json:"version"`
	Organization string `json:"organization" doc:"The hospital's name, as it stands in certificates."`
	HelpPhone    string `json:"help_phone" doc:"Whom staff and finders call; empty where the operator has named nobody."`
	// RegisterPhones is how people register phones themselves; empty: open.
	RegisterPhones string `json:"register_phones" enum:"open,approve,off" doc:"How people register phones in self-service: at once, after somebody of IT agreed, or not."`
	Demo           bool   `json:"demo" doc:"A made-up hospital on one machine: nothing real is touched."`
	WardURL        string `json:"ward_url" doc:"The demo's ward page, on which its simulated devices are seen; empty outside the demo."`
	// The addresses are empty where the operator has named none.
	AdminURL  string      `json:"admin_url" doc:"Where people reach the console and this API."`
	PublicURL string      `json:"public_url" doc:"Where staff reach self-service."`
	DeviceURL string      `json:"device_url" doc:"Where devices reach the server; it stands in invitations."`
	PKIURL    string      `json:"pki_url" doc:"Where CRL, OCSP and SCEP are."`
	Map       MapSettings `json:"map"`
}

// MapSettings say where map pictures come from.
type MapSettings struct {
	TilesURL    string `json:"tiles_url" doc:"Template with {z}, {x} and {y}; empty: no map is shown, and no request leaves the hospital for one."`
	Attribution string `json:"attribution" doc:"What the map's maker wants to be said beside it, as plain text."`
}

// ProductName is what the product is called on screens.
const ProductName = "Wardline"

// SettingsView are the settings at the moment of reading.
type SettingsView struct {
	Settings
	ServerTime time.Time `json:"server_time" doc:"The server's clock: what ages and remaining times are counted from."`
}

func (a *API) registerSettings() {
	register(a, operation{id: "get_settings", method: http.MethodGet, path: "/settings", tag: "settings",
		summary: "What a client has to know of this server"}, may(auth.SelfManage), a.getSettings)
}

func (a *API) getSettings(context.Context, *struct{}) (*output[SettingsView], error) {
	var s Settings
	if a.settings != nil {
		s = a.settings()
	}
	s.Product = ProductName
	s.RegisterPhones = a.registration()
	return &output[SettingsView]{Body: SettingsView{Settings: s, ServerTime: a.now().UTC()}}, nil
}
