package api

import (
	"strconv"
	"strings"

	"wardline/internal/fault"
)

// etag writes a version as an entity tag.
func etag(version int) string { return `"` + strconv.Itoa(version) + `"` }

// version reads If-Match. An update without it would undo what somebody else
// just did.
func (m MatchInput) version() (int, error) {
	if m.IfMatch == "" {
		return 0, codePrecondition.New("An update needs the header If-Match.")
	}
	text := strings.TrimPrefix(strings.TrimSpace(m.IfMatch), "W/")
	n, err := strconv.Atoi(strings.Trim(text, `"`))
	if err != nil || n < 1 {
		return 0, fault.CodeInvalid.New("If-Match holds no ETag of ours.").WithField("If-Match", "must be an ETag such as \"3\"")
	}
	return n, nil
}
