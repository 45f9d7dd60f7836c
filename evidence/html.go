package evidence

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
)

//go:embed report.html
var page string

//go:embed report.css
var style string

// StyleHash is what a Content-Security-Policy names to allow the page's style.
func StyleHash() string {
	sum := sha256.Sum256([]byte(style))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

var html = template.Must(template.New("report").Parse(page))

// WriteHTML writes the report as one page for a screen and for paper, which needs
// nothing beside itself.
func WriteHTML(w io.Writer, r Report) error {
	return html.Execute(w, map[string]any{"R": r, "L": map[string]string(r.labels), "Style": template.CSS(style),
		"Made": r.labels.f("made", r.labels.at(r.MadeAt), r.MadeBy), "Times": timesOf(r)})
}

// timesOf writes the moments of each order's steps.
func timesOf(r Report) [][]string {
	out := make([][]string, len(r.Orders))
	for i, o := range r.Orders {
		for _, s := range o.Steps {
			out[i] = append(out[i], r.labels.at(s.At)+": "+s.Words)
		}
	}
	return out
}
