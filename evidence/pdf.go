package evidence

import (
	"fmt"
	"io"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

// Measures of the page, in millimetres.
const (
	margin     = 18.0
	labelWidth = 44.0
	valueWidth = 82.0
	lineHeight = 5.0
)

// WritePDF writes the report as A4 pages. The fonts are embedded: names are
// printed as people write them.
func WritePDF(w io.Writer, r Report) error {
	p := &paper{Fpdf: fpdf.New("P", "mm", "A4", ""), r: r}
	p.AddUTF8FontFromBytes("go", "", goregular.TTF)
	p.AddUTF8FontFromBytes("go", "B", gobold.TTF)
	p.SetMargins(margin, margin, margin)
	p.SetAutoPageBreak(true, margin+6)
	p.SetTitle(r.Title, true)
	p.SetAuthor(r.MadeBy, true)
	p.SetCreator("Wardline", true)
	p.SetLang(r.Language)
	p.SetCreationDate(r.MadeAt)
	p.SetModificationDate(r.MadeAt)
	p.AliasNbPages("{all}")
	p.SetFooterFunc(p.footer)
	p.AddPage()
	p.write()
	if err := p.Output(w); err != nil {
		return fmt.Errorf("write the loss report as PDF: %w", err)
	}
	return nil
}

type paper struct {
	*fpdf.Fpdf
	r Report
}

func (p *paper) footer() {
	p.SetY(-margin + 4)
	p.SetFont("go", "", 8)
	p.SetTextColor(90, 90, 90)
	p.CellFormat(0, 4, p.r.Title, "", 0, "L", false, 0, "")
	p.SetX(margin)
	p.CellFormat(0, 4, p.r.labels.f("page", fmt.Sprint(p.PageNo()), "{all}"), "", 0, "R", false, 0, "")
}

func (p *paper) text(style string, size float64, text string) {
	p.SetFont("go", style, size)
	p.SetTextColor(0, 0, 0)
	p.MultiCell(0, size*0.48, text, "", "L", false)
}

func (p *paper) heading(text string) {
	p.Ln(4)
	if p.GetY() > 250 {
		p.AddPage()
	}
	p.text("B", 11.5, text)
	x, y := p.GetX(), p.GetY()+0.8
	p.SetDrawColor(140, 140, 140)
	p.Line(x, y, 210-margin, y)
	p.Ln(2)
}

func (p *paper) write() {
	r, l := p.r, p.r.labels
	p.text("B", 17, r.Title)
	p.Ln(1)
	p.text("", 9, l.f("made", l.at(r.MadeAt), r.MadeBy))
	p.Ln(2)
	p.text("B", 11.5, r.Summary)
	for _, s := range r.Sections {
		p.heading(s.Title)
		for _, f := range s.Facts {
			p.fact(f)
		}
	}
	p.heading(l["sec.orders"])
	if len(r.Orders) == 0 {
		p.text("", 9.5, l["noorders"])
	}
	for _, o := range r.Orders {
		p.order(o)
	}
	p.list(l["sec.unknown"], r.Unknown)
	p.list(l["sec.notes"], r.Notes)
}

// fact writes one row of three columns, each as high as its text.
func (p *paper) fact(f Fact) {
	source := f.Source
	if f.Age != "" {
		source += ", " + f.Age
	}
	rest := 210 - 2*margin - labelWidth - valueWidth
	p.SetFont("go", "", 9.5)
	lines := max(len(p.SplitText(f.Label, labelWidth)), len(p.SplitText(f.Value, valueWidth)))
	p.SetFont("go", "", 8)
	lines = max(lines, len(p.SplitText(source, rest)))
	height := float64(lines)*lineHeight + 0.6
	if p.GetY()+height > 297-margin-6 {
		p.AddPage()
	}
	top := p.GetY()
	cell := func(x, width, size float64, style string, grey int, text string) {
		p.SetXY(x, top)
		p.SetFont("go", style, size)
		p.SetTextColor(grey, grey, grey)
		p.MultiCell(width, lineHeight, text, "", "L", false)
	}
	cell(margin, labelWidth, 9.5, "B", 0, f.Label)
	cell(margin+labelWidth, valueWidth, 9.5, "", 0, f.Value)
	cell(margin+labelWidth+valueWidth, rest, 8, "", 90, source)
	p.SetXY(margin, top+height)
}

func (p *paper) order(o Order) {
	l := p.r.labels
	if p.GetY() > 240 {
		p.AddPage()
	}
	p.Ln(1.5)
	p.text("B", 10, o.Words)
	p.text("", 9.5, l["stands"]+": "+o.Stands)
	for _, s := range o.Steps {
		p.text("", 9, "- "+l.at(s.At)+": "+s.Words)
	}
	if o.Reason != "" {
		p.text("", 9, l["reason"]+": "+o.Reason)
	}
	p.text("", 9, l["receipt"]+": "+o.Receipt)
	p.text("", 7, l["order"]+" "+string(o.CommandID)+", SHA-256 "+o.Hash)
}

func (p *paper) list(title string, lines []string) {
	p.heading(title)
	for _, line := range lines {
		p.text("", 9.5, "- "+line)
		p.Ln(0.6)
	}
}
