package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"wardline/internal/fault"
)

// Codes that belong to HTTP itself.
var (
	codeBadRequest = fault.Define(fault.Invalid, "bad_request",
		"Send one well-formed JSON object in UTF-8, each name once.")
	codeMethodNotAllowed = fault.Define(fault.Invalid, "method_not_allowed",
		"Use one of the methods in the Allow header.")
	codeMediaType = fault.Define(fault.Invalid, "unsupported_media_type",
		"Send application/json, or text/csv where the operation takes a file.")
	codePrecondition = fault.Define(fault.Stale, "if_match_required",
		"Read the resource first and send its ETag in the If-Match header.")
	codeTimeout = fault.Define(fault.Unavailable, "request_timeout",
		"The request took too long and was given up; ask for less at once, or try again.")
	codeInternal = fault.Define(fault.Unavailable, "internal_error",
		"This is a fault of the server. Tell your administrator the request_id: it stands in the server's log.")
)

// statusOfCode are the codes whose HTTP status is not that of their category.
var statusOfCode = map[string]int{
	codeBadRequest.Name:       http.StatusBadRequest,
	codeMethodNotAllowed.Name: http.StatusMethodNotAllowed,
	codeMediaType.Name:        http.StatusUnsupportedMediaType,
	codePrecondition.Name:     http.StatusPreconditionRequired,
	codeInternal.Name:         http.StatusInternalServerError,
}

// StatusOf is the HTTP status of a code.
func StatusOf(c fault.Code) int {
	if s, ok := statusOfCode[c.Name]; ok {
		return s
	}
	return c.Category.Status()
}

// Problem is an error answer as RFC 9457 describes it, with members of ours.
type Problem struct {
	Type      string        `json:"type" doc:"Always about:blank: the code says what it is." example:"about:blank"`
	Title     string        `json:"title" doc:"The HTTP status in words."`
	Status    int           `json:"status" doc:"The HTTP status."`
	Code      string        `json:"code" doc:"Stable name of the problem; docs/error-codes.csv lists them." example:"pump_infusing"`
	Detail    string        `json:"detail" doc:"What is wrong, in a sentence for people."`
	Help      string        `json:"help,omitempty" doc:"What a person can do about it."`
	Errors    []fault.Field `json:"errors,omitempty" doc:"Which inputs were wrong."`
	RequestID string        `json:"request_id" doc:"Id of this request, as in the server's log."`

	StepUpURL string `json:"step_up_url,omitempty" doc:"Only with step_up_required: open it in a browser to confirm."`
	UserCode  string `json:"user_code,omitempty" doc:"Only with step_up_required: send the same request again with this in the header Wardline-Step-Up once it is confirmed."`

	// extra are further members that a fault brought along.
	extra   map[string]any
	headers http.Header
}

// Error implements error.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header { return p.headers }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// MarshalJSON adds the further members that a fault brought along.
func (p *Problem) MarshalJSON() ([]byte, error) {
	type plain Problem
	body, err := json.Marshal((*plain)(p))
	if err != nil || len(p.extra) == 0 {
		return body, err
	}
	extra, err := json.Marshal(p.extra)
	if err != nil {
		return nil, fmt.Errorf("encode problem %s: %w", p.Code, err)
	}
	return append(append(body[:len(body)-1], ','), extra[1:]...), nil
}

// problemOf is the one mapper from errors to answers. What is not a fault is a
// bug or an outage: it is logged here, once, and its text stays in the log.
func problemOf(ctx context.Context, log *slog.Logger, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	f, ok := fault.As(err)
	if !ok {
		f = unexpected(ctx, log, err)
	} else if StatusOf(f.Code) >= http.StatusInternalServerError {
		log.ErrorContext(ctx, "request failed", "request_id", requestID(ctx), "error", err)
	}
	return newProblem(ctx, f)
}

func unexpected(ctx context.Context, log *slog.Logger, err error) *fault.Fault {
	switch {
	case errors.Is(err, context.Canceled):
		// Nobody reads the answer.
		return codeTimeout.New("The request was given up by the client.")
	case errors.Is(err, context.DeadlineExceeded):
		log.WarnContext(ctx, "request took too long", "request_id", requestID(ctx), "error", err)
		return codeTimeout.New("The request took too long and was given up.")
	}
	log.ErrorContext(ctx, "request failed", "request_id", requestID(ctx), "error", err)
	return codeInternal.New("Something went wrong on the server.")
}

func newProblem(ctx context.Context, f *fault.Fault) *Problem {
	status := StatusOf(f.Code)
	p := &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: f.Code.Name,
		Detail: f.Detail, Help: f.Code.Help, Errors: f.Fields, RequestID: requestID(ctx), headers: http.Header{}}
	for name, value := range f.Extra {
		text, isText := value.(string)
		switch {
		case name == "step_up_url" && isText:
			p.StepUpURL = text
		case name == "user_code" && isText:
			p.UserCode = text
		default:
			if p.extra == nil {
				p.extra = map[string]any{}
			}
			p.extra[name] = value
		}
	}
	if f.RetryAfter > 0 {
		p.headers.Set("Retry-After", strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	} else if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		p.headers.Set("Retry-After", "5")
	}
	if status == http.StatusUnauthorized {
		p.headers.Set("WWW-Authenticate", `Bearer realm="wardline"`)
	}
	return p
}

// humaProblem makes huma's own errors (validation, content types) ours. What a
// caller sent is never repeated in the answer: it may be a password.
func humaProblem(ctx context.Context, status int, message string, errs ...error) *Problem {
	var f *fault.Fault
	switch status {
	case http.StatusBadRequest:
		f = codeBadRequest.New("The request could not be read.")
	case http.StatusUnprocessableEntity:
		f = fault.CodeInvalid.New("The request does not have the right shape.")
	case http.StatusUnsupportedMediaType:
		f = codeMediaType.New("This operation does not take that content type.")
	case http.StatusRequestEntityTooLarge:
		f = fault.CodeTooLarge.New("The request is too large.")
	case http.StatusRequestTimeout:
		f = codeTimeout.New("The request did not arrive in time.")
	default:
		f = codeInternal.New("Something went wrong on the server.")
	}
	for _, err := range errs {
		var detail huma.ErrorDetailer
		if errors.As(err, &detail) {
			d := detail.ErrorDetail()
			f.Fields = append(f.Fields, fault.Field{Name: strings.TrimPrefix(d.Location, "body."), Detail: d.Message})
		}
	}
	if len(f.Fields) > 0 {
		f.Detail = describeFields(f.Fields)
	}
	return newProblem(ctx, f)
}

// describeFields puts the first wrong input into the sentence for people.
func describeFields(fields []fault.Field) string {
	first := fields[0].Detail
	if fields[0].Name != "" {
		first = fields[0].Name + ": " + first
	}
	if len(fields) == 1 {
		return first + "."
	}
	return fmt.Sprintf("%s, and %d more.", first, len(fields)-1)
}
