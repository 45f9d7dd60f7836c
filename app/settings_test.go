package app

import (
	"net/http"
	"strings"
	"testing"
)

func TestPagesMayLoadPicturesFromTheTileServerThatWasNamedAndFromNobodyElse(t *testing.T) {
	for template, want := range map[string]string{
		"": "img-src 'self';",
		"https://tiles.hospital.example:8443/osm/{z}/{x}/{y}.png?key=1": "img-src 'self' https://tiles.hospital.example:8443;",
	} {
		o := loopback(t)
		o.MapTilesURL = template
		a := start(t, o)
		res, err := browser(t, a).Get(a.Addresses().Admin + "/")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		policy := res.Header.Get("Content-Security-Policy")
		if res.StatusCode != http.StatusOK || !strings.Contains(policy, want) {
			t.Errorf("with --map-tiles-url %q the pages' policy is %q, want %q in it", template, policy, want)
		}
		if got := a.settings(); got.Map.TilesURL != template {
			t.Errorf("the settings say %q, want %q", got.Map.TilesURL, template)
		}
	}
}

func TestATileServerThatIsNoTemplateOrCouldWidenThePolicyIsRefused(t *testing.T) {
	for _, bad := range []string{"http://tiles.example/{z}/{x}/{y}", "https://tiles.example/{z}/{x}.png", "https://*.example/{z}/{x}/{y}",
		"https://a.example;script-src/{z}/{x}/{y}", "https://me:secret@tiles.example/{z}/{x}/{y}", "https://{z}.example/{x}/{y}"} {
		if origin, err := tileOrigin(bad); err == nil {
			t.Errorf("%s is taken, with the origin %s", bad, origin)
		}
	}
}
