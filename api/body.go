package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"wardline/internal/fault"
)

const (
	// bodyLimit is what an ordinary operation takes.
	bodyLimit = 64 << 10
	// bodyDeadline is how long a client may take to send it.
	bodyDeadline = 10 * time.Second
	// jsonDepth is how deep objects and arrays may nest.
	jsonDepth = 32
)

// readBody reads the whole body within limit and deadline, checks that JSON is
// what it claims to be, and puts it back for huma to read.
func readBody(c *gin.Context, limit int64) ([]byte, error) {
	if c.Request.Body == nil || c.Request.Body == http.NoBody {
		return nil, nil
	}
	ctl := http.NewResponseController(c.Writer)
	// Not every writer has a connection below it (tests): then there is no deadline.
	if err := ctl.SetReadDeadline(time.Now().Add(bodyDeadline)); err == nil {
		defer func() { _ = ctl.SetReadDeadline(time.Time{}) }()
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, fault.CodeTooLarge.New("The request is larger than %d bytes.", limit)
	case err != nil:
		return nil, codeBadRequest.Wrap(err, "The request broke off before its end.")
	}
	if isJSON(c.GetHeader("Content-Type")) {
		if err := checkJSON(body); err != nil {
			return nil, err
		}
	}
	c.Request.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}

func isJSON(contentType string) bool {
	if contentType == "" {
		return true // huma takes a missing type for JSON
	}
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (media == "application/json" || strings.HasSuffix(media, "+json"))
}

// checkJSON refuses what decoders disagree about: a name that appears twice in
// one object (the check would see one value and the effect another), bytes that
// are not UTF-8, anything after the first value, and absurd nesting.
func checkJSON(body []byte) error {
	if len(body) == 0 {
		return nil
	}
	if !utf8.Valid(body) {
		return codeBadRequest.New("The request is not valid UTF-8.")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := walkJSON(dec, ""); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return codeBadRequest.New("There is something after the end of the JSON value.")
	}
	return nil
}

// level is one object or array that is open while a JSON text is walked.
type level struct {
	path   string
	object bool
	names  map[string]bool
	name   string // the name whose value comes next
	index  int
}

func walkJSON(dec *json.Decoder, path string) error {
	var open []*level
	for {
		token, err := dec.Token()
		if err != nil {
			return codeBadRequest.Wrap(err, "The request is not valid JSON.")
		}
		var top *level
		if len(open) > 0 {
			top = open[len(open)-1]
		}
		if name, isText := token.(string); isText && top != nil && top.object && top.name == "" {
			if err := top.take(name); err != nil {
				return err
			}
			continue
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			if len(open) == jsonDepth {
				return codeBadRequest.New("The JSON nests deeper than %d levels.", jsonDepth)
			}
			open = append(open, &level{path: top.at(path), object: token == json.Delim('{'), names: map[string]bool{}})
			continue
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		if len(open) == 0 {
			return nil
		}
		open[len(open)-1].valueDone()
	}
}

// take notes the name of a member. The empty name is refused: nothing has it,
// and it would be taken for "no name yet".
func (l *level) take(name string) error {
	if name == "" {
		return codeBadRequest.New("A member of %s has an empty name.", orRequest(l.path))
	}
	// Names that differ in case only are refused as well: some decoders take
	// them for the same.
	folded := strings.ToLower(name)
	if l.names[folded] {
		return codeBadRequest.New("A name appears twice in %s.", orRequest(l.path)).
			WithField(join(l.path, name), "appears twice")
	}
	l.names[folded] = true
	l.name = name
	return nil
}

func (l *level) valueDone() {
	l.name = ""
	l.index++
}

// at is the path of the value that begins now.
func (l *level) at(root string) string {
	switch {
	case l == nil:
		return root
	case l.object:
		return join(l.path, l.name)
	}
	return fmt.Sprintf("%s[%d]", l.path, l.index)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func orRequest(path string) string {
	if path == "" {
		return "the request"
	}
	return path
}
