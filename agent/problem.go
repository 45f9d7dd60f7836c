package agent

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// problem is an answer that is not what was asked for (RFC 9457).
type problem struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	// retryAfter is what the server asks for; zero: nothing.
	retryAfter time.Duration
}

// longestRetryAfter bounds what a server may ask for: a device that went silent
// for a day because of one header could not be found.
const longestRetryAfter = time.Hour

func readProblem(resp *http.Response, body []byte) *problem {
	p := &problem{}
	if json.Unmarshal(body, p) != nil {
		*p = problem{}
	}
	p.Status = resp.StatusCode
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		p.retryAfter = min(time.Duration(s)*time.Second, longestRetryAfter)
	}
	return p
}

// final reports whether the same request will be refused again.
func (p *problem) final() bool {
	return p.Status >= 400 && p.Status < 500 &&
		p.Status != http.StatusRequestTimeout && p.Status != http.StatusTooManyRequests
}

func (p *problem) Error() string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	if text == "" {
		text = http.StatusText(p.Status)
	}
	return fmt.Sprintf("the server answered %d: %.500s", p.Status, text)
}
