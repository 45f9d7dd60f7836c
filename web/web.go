package web

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strconv"
)

//go:embed pages
var pages embed.FS

var index = template.Must(template.ParseFS(pages, "pages/index.html"))

// Info is what the first page says.
type Info struct {
	// WardURL is the address of the demo's ward page; empty outside the demo.
	WardURL string
	Version string
	// TileOrigin is the one other place that pages may load pictures from: the map's
	// tile server, as scheme://host. Empty: none.
	TileOrigin string
}

const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'%s; " +
	"form-action 'none'; frame-ancestors 'none'; base-uri 'none'"

// policyFor is the Content-Security-Policy of every page.
func policyFor(i Info) string {
	if i.TileOrigin == "" {
		return fmt.Sprintf(policy, "")
	}
	return fmt.Sprintf(policy, " "+i.TileOrigin)
}

// New returns the handler of every page outside of /api.
func New(info func() Info) http.Handler {
	assets, err := fs.Sub(pages, "pages")
	if err != nil {
		panic("web: the pages are part of the binary: " + err.Error())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		// Said aloud: a router that found no route of its own has 404 in mind.
		w.WriteHeader(http.StatusOK)
		// An error here is a reader that went away.
		_ = index.Execute(w, info())
	})
	mux.HandleFunc("GET /setup", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, assets, "setup.html")
	})
	for _, name := range []string{"pages.css", "setup.js"} {
		mux.HandleFunc("GET /assets/"+name, func(w http.ResponseWriter, r *http.Request) {
			http.ServeFileFS(w, r, assets, name)
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { missing(w) })
	return withPolicy(mux, info)
}

func withPolicy(next http.Handler, info func() Info) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policyFor(info()))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}

func missing(w http.ResponseWriter) {
	const text = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Not found</title><link rel=\"stylesheet\" href=\"/assets/pages.css\">" +
		"<main><h1>There is no such page</h1><p><a href=\"/\">To the first page</a></p></main></html>"
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte(text))
}
