package fleet

import (
	"strings"
	"time"

	"github.com/pquerna/otp/totp"
)

// Guide is what the ward page tells a newcomer beside the devices themselves.
type Guide struct {
	// Command is how the command line is called, such as "wardline".
	Command string
	// AdminURL and CAFile are what it needs to reach the server.
	AdminURL string
	CAFile   string
	// Accounts are shown with their passwords and one-time codes: the page is for
	// loopback only and the hospital is made up.
	Accounts []Account
}

// command is a line for the terminal.
func (g Guide) command(arguments string) string {
	name := g.Command
	if name == "" {
		name = "wardline"
	}
	if g.AdminURL != "" && strings.HasPrefix(arguments, "login ") {
		arguments += " --server " + g.AdminURL
		if g.CAFile != "" {
			arguments += " --ca-file " + g.CAFile
		}
	}
	return name + " " + arguments
}

// Serials that the stories of the page are about.
const (
	storyLostPhone    = "P7-0001"
	storyInfusingPump = "LV1-0001"
	storyIdlePump     = "LV1-0002"
	storyOtherPhone   = "P7-0002"
)

// key is one row of the key ring.
type key struct {
	Username string `json:"username"`
	Role     string `json:"role"`
	Name     string `json:"name"`
	May      string `json:"may"`
	Password string `json:"password"`
	Code     string `json:"code"`
}

// what each role is for, in one line (SAFETY 4).
var roleWords = map[string]string{
	"it":         "asks for locks and wipes of phones",
	"security":   "approves them, freezes, contains",
	"biomed":     "looks after the pumps",
	"helpdesk":   "locks and finds phones",
	"clinician":  "reports a phone lost",
	"pharmacist": "approves drug libraries",
	"supply":     "finds pumps to clean",
	"auditor":    "reads everything, changes nothing",
	"vendor":     "sees its own models",
	"admin":      "manages people, has no right on devices",
}

const codePeriod = 30 * time.Second

// keys are the accounts with the codes of this moment, and how long these last.
func (g Guide) keys(now time.Time) ([]key, time.Duration, error) {
	var ring []key
	for _, a := range g.Accounts {
		code, err := totp.GenerateCode(a.OTPSecret, now)
		if err != nil {
			return nil, 0, err
		}
		ring = append(ring, key{a.Username, a.Role, a.Name, roleWords[a.Role], a.Password, code})
	}
	return ring, codePeriod - time.Duration(now.UnixNano())%codePeriod, nil
}
