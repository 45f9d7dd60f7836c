package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

const document = `<!doctype html><meta property="csp-nonce" content="__CSP_NONCE__"><script type="module" src="/assets/main-1a2b.js"></script>`

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var b strings.Builder
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return []byte(b.String())
}

func ask(t *testing.T, h http.Handler, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAScreenIsNeverServedWithTheNonceOfAnother(t *testing.T) {
	h := handler(fstest.MapFS{"index.html": {Data: []byte(document)}}, func() Info { return Info{} })
	seen := map[string]bool{}
	for _, path := range []string{"/", "/devices", "/devices/0199-a"} {
		r := ask(t, h, path)
		body, csp := text(t, r), r.Header.Get("Content-Security-Policy")
		_, after, found := strings.Cut(body, `content="`)
		nonce, _, _ := strings.Cut(after, `"`)
		if r.StatusCode != http.StatusOK || !found || !strings.Contains(csp, "'nonce-"+nonce+"'") || nonce == noncePlaceholder {
			t.Errorf("%s: status %d, policy %q, body %q", path, r.StatusCode, csp, body)
		}
		if strings.Contains(csp, "unsafe") || seen[nonce] || r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: policy %q, nonce seen before: %v, cache %q", path, csp, seen[nonce], r.Header.Get("Cache-Control"))
		}
		seen[nonce] = true
	}
}

func TestBuiltFilesAreKeptForEverAndTravelCompressed(t *testing.T) {
	const script = "console.info('wardline')"
	h := handler(fstest.MapFS{
		"index.html":             {Data: []byte(document)},
		"assets/main-1a2b.js":    {Data: []byte(script)},
		"assets/main-1a2b.js.gz": {Data: zipped(t, script)},
	}, func() Info { return Info{} })

	plain := ask(t, h, "/assets/main-1a2b.js")
	if got := text(t, plain); got != script || plain.Header.Get("Content-Encoding") != "" {
		t.Errorf("without gzip: %q %q", got, plain.Header.Get("Content-Encoding"))
	}
	small := ask(t, h, "/assets/main-1a2b.js", "Accept-Encoding", "br;q=1.0, gzip")
	z, err := gzip.NewReader(small.Body)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(z); err != nil || string(b) != script {
		t.Errorf("with gzip: %q %v", b, err)
	}
	if !strings.Contains(small.Header.Get("Cache-Control"), "immutable") || !strings.HasPrefix(small.Header.Get("Content-Type"), "text/javascript") {
		t.Errorf("headers %v", small.Header)
	}
	if got := ask(t, h, "/assets/main-1a2b.js", "Accept-Encoding", "gzip;q=0").Header.Get("Content-Encoding"); got != "" {
		t.Errorf("a reader that refuses gzip got %q", got)
	}
}

func TestAFileThatIsNotThereIsNotAScreen(t *testing.T) {
	h := handler(fstest.MapFS{"index.html": {Data: []byte(document)}}, func() Info { return Info{} })
	for _, path := range []string{"/assets/main-0000.js", "/assets/../index.html", "/robots.txt", "/assets/"} {
		if r := ask(t, h, path); r.StatusCode < 300 {
			t.Errorf("%s: status %d, %q", path, r.StatusCode, text(t, r))
		}
	}
}

func TestWithoutNodeTheServerSaysHowToBuildTheConsole(t *testing.T) {
	h := handler(fstest.MapFS{".gitkeep": {}}, func() Info { return Info{Version: "1.2.3"} })
	r := ask(t, h, "/devices")
	if body := text(t, r); r.StatusCode != http.StatusOK || !strings.Contains(body, "make build") || !strings.Contains(body, "1.2.3") {
		t.Errorf("status %d: %s", r.StatusCode, body)
	}
}
