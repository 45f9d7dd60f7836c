package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"wardline/auth"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/inventory"
)

// broken is an inventory whose database is gone.
type broken struct {
	Inventory
	err error
}

func (b broken) Get(context.Context, device.ID) (inventory.Item, error) {
	return inventory.Item{}, b.err
}

func (b broken) Places(context.Context) ([]inventory.PlaceRecord, error) { panic(b.err) }

func TestAFaultOfTheServerTellsNothingOfItsInside(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	x.api.inventory = broken{err: errors.New("dial tcp 10.0.0.7:5432: password authentication failed for user wardline")}
	for _, path := range []string{"/devices/01890000-0000-7000-8000-000000000000", "/places"} {
		a := x.call(ada, http.MethodGet, path, nil).refuses(http.StatusInternalServerError, "internal_error")
		if strings.Contains(string(a.raw), "10.0.0.7") {
			t.Errorf("%s leaks:\n%s", path, a.raw)
		}
	}
}

func TestWhoIsTooFastIsToldHowLongToWait(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	busy := fault.CodeUnavailable.New("The database is being moved.")
	busy.RetryAfter = 90e9
	x.api.inventory = broken{err: busy}
	if a := x.call(ada, http.MethodGet, "/devices/01890000-0000-7000-8000-000000000000", nil).refuses(http.StatusServiceUnavailable, "try_again_later"); a.header.Get("Retry-After") != "90" {
		t.Errorf("Retry-After is %q", a.header.Get("Retry-After"))
	}
	for range 20 {
		a := x.call(nil, http.MethodPost, "/auth/login", map[string]any{"username": "ada", "password": "guess"})
		if a.status == http.StatusTooManyRequests {
			if a.refuses(http.StatusTooManyRequests, "too_many_attempts").header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			return
		}
		a.refuses(http.StatusUnauthorized, "sign_in_failed")
	}
	t.Error("twenty guesses, and no end")
}
