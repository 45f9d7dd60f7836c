package app

import (
	"time"

	"wardline/auth"
	"wardline/commands"
	"wardline/enroll"
	"wardline/inventory"
	"wardline/shift"
)

// Services are what the demo hands its made-up hospital to: the same that people
// reach through the API.
type Services struct {
	Inventory *inventory.Service
	People    *auth.Service
	Enroll    *enroll.Service
	Commands  *commands.Service
	Shifts    *shift.Service
	Now       func() time.Time
}

// Services returns the running server's services.
func (a *App) Services() Services {
	return Services{Inventory: a.inventory, People: a.auth, Enroll: a.enroll, Commands: a.commands, Shifts: a.shifts, Now: a.clock}
}

// CAFingerprint is the SHA-256 of the root certificate, lower-case hex.
func (a *App) CAFingerprint() string { return a.authority.Fingerprint() }
