package api

import (
	"context"
	"slices"

	"wardline/auth"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/inventory"
)

func errNoDevice() error { return fault.CodeNotFound.New("There is no such device.") }

// targetOf is a device as auth judges it.
func targetOf(i inventory.Item) auth.Target {
	return auth.Target{Class: i.Device.Class, Model: i.Device.Model, Site: i.Site(), Ward: i.Ward(), Owner: i.Device.Owner}
}

// targetIn is the same for a bare record.
func targetIn(tree inventory.Tree, d device.Device) auth.Target {
	return auth.Target{Class: d.Class, Model: d.Model, Site: tree.Site(d.Place), Ward: tree.Ward(d.Place), Owner: d.Owner}
}

// mayTouch is the second question to auth: may this person do it to this one
// device? What they may not even see is answered as if it did not exist.
func mayTouch(p auth.Principal, permission auth.Permission, t auth.Target) error {
	if auth.Authorise(p, auth.DevicesRead, t) != nil {
		return errNoDevice()
	}
	return auth.Authorise(p, permission, t)
}

// reachDevice reads a device and asks whether the person may do this to it.
func (a *API) reachDevice(ctx context.Context, id string, permission auth.Permission) (inventory.Item, error) {
	parsed, err := device.ParseID(id)
	if err != nil {
		return inventory.Item{}, errNoDevice()
	}
	item, err := a.inventory.Get(ctx, parsed)
	if fault.Has(err, fault.CodeNotFound) {
		return inventory.Item{}, errNoDevice()
	}
	if err != nil {
		return inventory.Item{}, err
	}
	return item, mayTouch(principalOf(ctx), permission, targetOf(item))
}

// scopeOf is a reach as the inventory filters by it, and whether the filter is
// all there is to it; otherwise each device is asked about by itself.
func scopeOf(r auth.Reach) (scope inventory.Scope, exact bool) {
	for _, l := range r.Limits {
		scope.Sites = within(scope.Sites, l.Sites)
		scope.Classes = within(scope.Classes, l.Classes)
	}
	return scope, slices.ContainsFunc(r.Parts, func(p auth.Part) bool { return p.Everything })
}

// within narrows a to b, where an empty list does not limit. Two lists that have
// nothing in common must not become an empty one, which would let all through.
func within[T ~string](a, b []T) []T {
	switch {
	case len(a) == 0:
		return slices.Clone(b)
	case len(b) == 0:
		return a
	}
	both := slices.DeleteFunc(slices.Clone(a), func(v T) bool { return !slices.Contains(b, v) })
	if len(both) == 0 {
		return []T{"-"}
	}
	return both
}
