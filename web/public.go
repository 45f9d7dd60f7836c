package web

import (
	"html/template"
	"io/fs"
	"net/http"
	"strings"
)

// FoundInfo is what a finder gets to know, whatever they found.
type FoundInfo struct {
	Organization string
	// HelpPhone is empty where the operator has named nobody.
	HelpPhone string
}

var foundPage = template.Must(template.ParseFS(pages, "pages/found.html"))

// NewPublic returns the handler of the pages of the public listener: self-service
// below /self, and the lost-and-found page behind the code on a label.
func NewPublic(info func() FoundInfo) http.Handler {
	built, err := fs.Sub(dist, "dist/self")
	if err != nil {
		panic("web: self-service is part of the binary: " + err.Error())
	}
	return publicHandler(built, info)
}

func publicHandler(built fs.FS, info func() FoundInfo) http.Handler {
	own, err := fs.Sub(pages, "pages")
	if err != nil {
		panic("web: the pages are part of the binary: " + err.Error())
	}
	none := func() Info { return Info{} }
	mux := http.NewServeMux()
	mux.HandleFunc("GET /found/{tag}", func(w http.ResponseWriter, r *http.Request) { found(w, r, info()) })
	mux.HandleFunc("GET /self/pages.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, own, "pages.css")
	})
	for _, name := range []string{"manifest.webmanifest", "shell.json", "icon-192.png", "icon-512.png", "icon-maskable.png", "favicon.svg"} {
		mux.HandleFunc("GET /self/"+name, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(name, ".webmanifest") {
				w.Header().Set("Content-Type", "application/manifest+json")
			}
			http.ServeFileFS(w, r, built, name)
		})
	}
	mux.HandleFunc("GET /self/sw.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Service-Worker-Allowed", "/self")
		http.ServeFileFS(w, r, built, "sw.js")
	})
	mux.HandleFunc("GET /self/assets/{file}", func(w http.ResponseWriter, r *http.Request) { asset(w, r, built) })
	mux.HandleFunc("GET /self/assets/", func(w http.ResponseWriter, _ *http.Request) { missing(w) })
	self := notBuilt
	if document, err := fs.ReadFile(built, "self.html"); err == nil {
		self = screens(string(document), none)
	}
	mux.HandleFunc("GET /self", self)
	mux.HandleFunc("GET /self/", self)
	return framed(mux, none)
}

// notBuilt says whom to ask, and nothing of the server.
func notBuilt(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "Self-service is not part of this server. Please call the help desk.", http.StatusServiceUnavailable)
}

// found says whom to call, and nothing else: the answer is the same for every tag,
// and the tag is not looked up.
func found(w http.ResponseWriter, r *http.Request, info FoundInfo) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Vary", "Accept-Language")
	h.Set("X-Robots-Tag", "noindex")
	name := "en"
	if german(r.Header.Get("Accept-Language")) {
		name = "de"
	}
	w.WriteHeader(http.StatusOK)
	// An error here is a reader that went away.
	_ = foundPage.ExecuteTemplate(w, name, info)
}

// german reports whether German comes before English in what a browser sends:
// browsers name languages in the order of their liking.
func german(accepted string) bool {
	for tag := range strings.SplitSeq(strings.ToLower(accepted), ",") {
		switch language, _, _ := strings.Cut(strings.TrimSpace(tag), ";"); {
		case strings.HasPrefix(language, "de"):
			return true
		case strings.HasPrefix(language, "en"):
			return false
		}
	}
	return false
}
