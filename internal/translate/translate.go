package translate

import (
	"embed"
	"encoding/json"
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/text/language"
)

//go:embed de.json
var files embed.FS

// Catalogue translates sentences into one language. It is safe for concurrent
// use; nil is English, and leaves everything as it is.
type Catalogue struct {
	// exact holds the forms without anything to fill in.
	exact map[string]string
	// patterns holds the others by their first byte; "" those that begin with
	// something to fill in. The most particular come first.
	patterns map[string][]pattern
}

type pattern struct {
	form    *regexp.Regexp
	literal int // letters that are given: the more, the more particular
	answer  string
}

// German is the one catalogue beside English.
var German = mustLoad("de.json")

var (
	offered    = []language.Tag{language.English, language.German}
	catalogues = []*Catalogue{nil, German}
	matcher    = language.NewMatcher(offered)
)

// For chooses by the header Accept-Language (RFC 9110, section 12.5.4). Nil is
// English.
func For(acceptLanguage string) *Catalogue {
	if acceptLanguage == "" {
		return nil
	}
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return nil
	}
	_, at, _ := matcher.Match(wanted...)
	return catalogues[at]
}

func mustLoad(name string) *Catalogue {
	content, err := files.ReadFile(name)
	if err != nil {
		panic("translate: the catalogue is part of the binary: " + err.Error())
	}
	c, err := parse(content)
	if err != nil {
		panic("translate: " + name + ": " + err.Error())
	}
	return c
}

// verb is what fmt fills in.
var verb = regexp.MustCompile(`%(\[\d+\])?[-+#0]*\d*(\.\d+)?[a-zA-Z%]`)

func parse(content []byte) (*Catalogue, error) {
	var forms map[string]string
	if err := json.Unmarshal(content, &forms); err != nil {
		return nil, err
	}
	c := &Catalogue{exact: map[string]string{}, patterns: map[string][]pattern{}}
	for form, answer := range forms {
		if !verb.MatchString(form) {
			c.exact[form] = answer
			continue
		}
		p, err := compile(form, answer)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", form, err)
		}
		c.patterns[bucket(form)] = append(c.patterns[bucket(form)], p)
	}
	for _, list := range c.patterns {
		sort.SliceStable(list, func(i, j int) bool { return list[i].literal > list[j].literal })
	}
	return c, nil
}

func bucket(form string) string {
	if form == "" || form[0] == '%' {
		return ""
	}
	return form[:1]
}

func compile(form, answer string) (pattern, error) {
	var b strings.Builder
	b.WriteString(`(?s)^`)
	p, at, filled := pattern{answer: answer}, 0, 0
	for _, m := range verb.FindAllStringIndex(form, -1) {
		p.literal += m[0] - at
		b.WriteString(regexp.QuoteMeta(form[at:m[0]]))
		b.WriteString(capture(form[m[0]:m[1]]))
		if !strings.HasSuffix(form[m[0]:m[1]], "%") {
			filled++
		}
		at = m[1]
	}
	p.literal += len(form) - at
	b.WriteString(regexp.QuoteMeta(form[at:]) + `$`)
	var err error
	if p.form, err = regexp.Compile(b.String()); err != nil {
		return p, err
	}
	return p, check(answer, filled)
}

// capture is what a verb of fmt can have written.
func capture(verb string) string {
	switch verb[len(verb)-1] {
	case 'd':
		return `(-?\d+)`
	case 'q':
		return `("(?:[^"\\]|\\.)*")`
	case '%':
		return `%`
	}
	return `(.+?)`
}

// slot is what a translation fills in: %[1]s as it stood, %[1]T translated.
var slot = regexp.MustCompile(`%\[(\d+)\]([sT])`)

func check(answer string, filled int) error {
	for _, m := range slot.FindAllStringSubmatch(answer, -1) {
		if n, err := strconv.Atoi(m[1]); err != nil || n < 1 || n > filled {
			return fmt.Errorf("the translation fills in %s of %d", m[0], filled)
		}
	}
	if verb.MatchString(slot.ReplaceAllString(answer, "")) {
		return fmt.Errorf("the translation %q has something else to fill in than %%[1]s and %%[1]T", answer)
	}
	return nil
}

// Say translates a text of one or several sentences. What it does not know stays.
func (c *Catalogue) Say(text string) string {
	if c == nil || text == "" {
		return text
	}
	if said, ok := c.whole(text, 0); ok {
		return said
	}
	return c.apart(text, 0)
}

// deepest is how far translations may stand in one another.
const deepest = 3

// whole translates a text that the catalogue knows as one.
func (c *Catalogue) whole(text string, depth int) (string, bool) {
	if said, ok := c.exact[text]; ok {
		return said, true
	}
	for _, list := range [][]pattern{c.patterns[text[:1]], c.patterns[""]} {
		for _, p := range list {
			if m := p.form.FindStringSubmatch(text); m != nil {
				return c.fill(p.answer, m, depth), true
			}
		}
	}
	return text, false
}

func (c *Catalogue) fill(answer string, found []string, depth int) string {
	return slot.ReplaceAllStringFunc(answer, func(s string) string {
		m := slot.FindStringSubmatch(s)
		n, err := strconv.Atoi(m[1])
		if err != nil || n >= len(found) {
			return s
		}
		value := found[n]
		if m[2] == "T" && depth < deepest && value != "" {
			if said, ok := c.whole(value, depth+1); ok {
				return said
			}
			return c.apart(value, depth+1)
		}
		return value
	})
}

// sentenceEnd is where one sentence ends and another begins.
var sentenceEnd = regexp.MustCompile(`[.?!] +`)

// apart translates the sentences of a text one by one: the longest run of them
// that is known first, since a form may hold several.
func (c *Catalogue) apart(text string, depth int) string {
	ends := sentenceEnd.FindAllStringIndex(text, -1)
	if len(ends) == 0 || depth > deepest {
		return text
	}
	for i := len(ends) - 1; i >= 0; i-- {
		head, rest := text[:ends[i][0]+1], text[ends[i][1]:]
		said, ok := c.whole(head, depth)
		if !ok || rest == "" {
			continue
		}
		if tail, ok := c.whole(rest, depth); ok {
			return said + " " + tail
		}
		return said + " " + c.apart(rest, depth+1)
	}
	// The first sentence is not known: it stays, and the others are tried.
	head, rest := text[:ends[0][0]+1], text[ends[0][1]:]
	if rest == "" {
		return text
	}
	if tail, ok := c.whole(rest, depth); ok {
		return head + " " + tail
	}
	return head + " " + c.apart(rest, depth+1)
}
