package app

import (
	"net/http"
	"strings"
	"testing"
)

func TestPagesMayLoadPicturesFromTheTileServerThatWasNamedAndFromNobodyElse(t *testing.T) {
	for template, want := range map[string]string{
		"": "",
		"https://tiles.hospital.example:8443/osm/{z}/{x}/{y}.png?key=1": "https://tiles.hospital.example:8443",
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
		var others []string
		for _, directive := range strings.Split(policy, ";") {
			for _, source := range strings.Fields(directive) {
				if strings.Contains(source, "*") || strings.Contains(source, ".") || strings.HasPrefix(source, "http") {
					others = append(others, strings.Fields(directive)[0]+" "+source)
				}
			}
		}
		expected := "img-src " + want
		if want == "" {
			expected = ""
		}
		if got := strings.Join(others, ", "); res.StatusCode != http.StatusOK || got != expected {
			t.Errorf("with --map-tiles-url %q the pages may load from %q, want %q; the policy is %q", template, got, expected, policy)
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
