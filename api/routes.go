package api

import (
	"slices"
	"strings"

	"wardline/auth"
)

// access says who may use a route.
type access struct {
	permission auth.Permission
	open       bool
	fresh      bool
	// self: self-service, with a session of its audiences, on the public listener
	// and nowhere else.
	self bool
}

// anyone may use the route without signing in.
var anyone = access{open: true}

// may lets people with the permission in; the handler then asks again about the
// one thing that it touches.
func may(p auth.Permission) access { return access{permission: p} }

// mayFresh is may for routes that destroy or grant: the session row is read, so
// that a session ended a second ago is already nothing.
func mayFresh(p auth.Permission) access { return access{permission: p, fresh: true} }

// anyoneOutside is anyone, on the public listener.
var anyoneOutside = access{open: true, self: true}

// maySelf is mayFresh for what people do for themselves on the public listener.
func maySelf(p auth.Permission) access { return access{permission: p, fresh: true, self: true} }

// audiences are those whose sessions are good for the route.
func (who access) audiences() []auth.Audience {
	if who.self {
		return []auth.Audience{auth.AudienceLost, auth.AudiencePublic}
	}
	return []auth.Audience{auth.AudienceAdmin}
}

// Route is one row of the table of everything that a listener answers.
type Route struct {
	Method string
	// Path is written as in OpenAPI: /devices/{id}.
	Path string
	// Operation is its id in the description; empty for what huma does not know.
	Operation string
	// Permission is empty for routes that are open to anyone.
	Permission auth.Permission
	// Fresh: the session row is read on each request.
	Fresh bool
	// Public: the public listener answers it, and the admin listener does not.
	Public bool
}

// note adds a row to the table. A permission that auth does not know is a
// mistake of ours: the server does not start with it.
func (a *API) note(operation, method, path string, who access) {
	if !who.open && !slices.Contains(auth.Permissions(), who.permission) {
		panic("api: " + method + " " + path + " asks for the unknown permission " + string(who.permission))
	}
	a.routes = append(a.routes, Route{Operation: operation, Method: method, Path: path, Permission: who.permission, Fresh: who.fresh, Public: who.self})
}

// Routes lists every route of the admin listener and of the public one, in the order of registration.
func (a *API) Routes() []Route { return slices.Clone(a.routes) }

// ginPath writes a path as gin does: /devices/:id.
func ginPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}
