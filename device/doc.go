// Package device holds the nouns of the inventory: Device, Model, Place,
// AccessPoint, LocationFix, the lifecycle axes and custody, and the names of
// the command kinds that a model can be capable of.
//
// It does no I/O, reads no clock and imports nothing else of Wardline, so that
// the pure rules in package safety can be built on it alone. Searching,
// importing and telemetry live in package inventory; rows and SQL in store.
//
// Start reading at Device in device.go.
package device
