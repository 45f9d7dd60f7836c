package web

import (
	"crypto/rand"
	"embed"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed pages
var pages embed.FS

// dist is what Vite makes of console/. It is built, not committed: without it
// the binary compiles all the same and says how to build the console.
//
//go:embed all:dist
var dist embed.FS

var unbuilt = template.Must(template.ParseFS(pages, "pages/unbuilt.html"))

// Info is what the pages need to know of the server.
type Info struct {
	// WardURL is the address of the demo's ward page; empty outside the demo.
	WardURL string
	Version string
	// TileOrigin is the one other place that pages may load pictures from: the map's
	// tile server, as scheme://host. Empty: none.
	TileOrigin string
}

// noncePlaceholder stands in the built index.html where the nonce belongs.
const noncePlaceholder = "__CSP_NONCE__"

// policy is the Content-Security-Policy of every page: this server's own files
// and nothing else but the map's tiles. Styles that the console's libraries make
// at run time carry the nonce.
func policy(i Info, nonce string) string {
	style, img := "'self'", "'self' data: blob:"
	if nonce != "" {
		style += " 'nonce-" + nonce + "'"
	}
	if i.TileOrigin != "" {
		img += " " + i.TileOrigin
	}
	return "default-src 'none'; script-src 'self'; style-src " + style + "; connect-src 'self'; img-src " + img + "; " +
		"font-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
}

// New returns the handler of every page outside of /api: the console, whose
// addresses all answer with the same document, and the page on which the first
// administrator is set up.
func New(info func() Info) http.Handler {
	built, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("web: the console is part of the binary: " + err.Error())
	}
	return handler(built, info)
}

func handler(built fs.FS, info func() Info) http.Handler {
	own, err := fs.Sub(pages, "pages")
	if err != nil {
		panic("web: the pages are part of the binary: " + err.Error())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /setup", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, own, "setup.html")
	})
	for _, name := range []string{"pages.css", "setup.js"} {
		mux.HandleFunc("GET /pages/"+name, func(w http.ResponseWriter, r *http.Request) {
			http.ServeFileFS(w, r, own, name)
		})
	}
	mux.HandleFunc("GET /favicon.svg", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, built, "favicon.svg")
	})
	mux.HandleFunc("GET /assets/{file}", func(w http.ResponseWriter, r *http.Request) { asset(w, r, built) })
	mux.HandleFunc("GET /assets/", func(w http.ResponseWriter, _ *http.Request) { missing(w) })
	mux.HandleFunc("GET /", console(built, info))
	return framed(mux, info)
}

// console answers with the console's document, or says how to build it.
func console(built fs.FS, info func() Info) http.HandlerFunc {
	index, err := fs.ReadFile(built, "index.html")
	if err != nil {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			// Said aloud: a router that found no route of its own has 404 in mind.
			w.WriteHeader(http.StatusOK)
			// An error here is a reader that went away.
			_ = unbuilt.Execute(w, info())
		}
	}
	return screens(string(index), info)
}

// screens answers every address with one document, each time with a nonce of its
// own.
func screens(document string, info func() Info) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if path.Ext(r.URL.Path) != "" {
			// A file that is not there must not look like a screen.
			missing(w)
			return
		}
		nonce := rand.Text()
		w.Header().Set("Content-Security-Policy", policy(info(), nonce))
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte(strings.ReplaceAll(document, noncePlaceholder, nonce)))
	}
}

// asset serves a built file. Its name holds a hash of its content, so it may be
// kept for ever; it was compressed when it was built.
func asset(w http.ResponseWriter, r *http.Request, built fs.FS) {
	name := "assets/" + r.PathValue("file")
	h := w.Header()
	if _, err := fs.Stat(built, name); err != nil || strings.HasSuffix(name, ".gz") {
		missing(w)
		return
	}
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		h.Set("Content-Type", kind)
	}
	if _, err := fs.Stat(built, name+".gz"); err == nil && takesGzip(r) {
		h.Set("Content-Encoding", "gzip")
		name += ".gz"
	}
	http.ServeFileFS(w, r, built, name)
}

// takesGzip reads Accept-Encoding (RFC 9110, section 12.5.3) as far as browsers
// use it.
func takesGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding == "gzip" {
			return strings.ReplaceAll(weight, " ", "") != "q=0"
		}
	}
	return false
}

func framed(next http.Handler, info func() Info) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy(info(), ""))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}

func missing(w http.ResponseWriter) {
	const text = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Not found</title><link rel=\"stylesheet\" href=\"/pages/pages.css\">" +
		"<main><h1>There is no such page</h1><p><a href=\"/\">To the first page</a></p></main></html>"
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte(text))
}
