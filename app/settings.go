package app

import (
	"net/url"
	"regexp"
	"strings"

	"wardline/api"
)

// settings are what GET /api/v1/settings says of this server.
func (a *App) settings() api.Settings {
	return api.Settings{
		Version: a.o.Version, Organization: a.o.Organization, HelpPhone: a.o.HelpPhone, RegisterPhones: a.o.RegisterPhones, Demo: a.o.Demo, WardURL: a.wardURL(),
		AdminURL: a.adminURL(), PublicURL: a.o.PublicURL, DeviceURL: a.o.DeviceURL, PKIURL: a.o.PKIURL,
		Map: api.MapSettings{TilesURL: a.o.MapTilesURL, Attribution: a.o.MapAttribution},
	}
}

// hostInPolicy is what may stand as a host in a Content-Security-Policy: a name
// or an address with its port, and nothing that could end the directive.
var hostInPolicy = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$`)

// tileOrigin checks a template of the map's tile server and returns its origin,
// the one place that pages may load pictures from; empty for an empty template.
func tileOrigin(template string) (string, error) {
	if template == "" {
		return "", nil
	}
	bad := codeBadOption.New("--map-tiles-url %q is not of the form https://name/{z}/{x}/{y}.png", template)
	u, err := url.Parse(template)
	if err != nil || u.Scheme != "https" || u.User != nil || !hostInPolicy.MatchString(u.Host) {
		return "", bad
	}
	rest := strings.TrimPrefix(template, "https://"+u.Host)
	for _, part := range []string{"{z}", "{x}", "{y}"} {
		if strings.Count(rest, part) != 1 {
			return "", bad
		}
	}
	return "https://" + u.Host, nil
}
