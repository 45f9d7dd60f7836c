// Package inventory keeps the record of every device: finding, registering and
// changing devices, models, places and access points; the three axes of a
// device's life; what devices report about themselves; and the one timeline of
// everything that happened to a device.
//
// The nouns are package device's; this package owns the rules about them: which
// change is allowed when, what a delivery's CSV must look like, how a UDI
// barcode is read, which locations may be kept and for how long. What a command
// may do is decided in package safety, never here.
//
// The storage interface stands in storage.go and is implemented by package
// store, which calls back into the rules of this package inside its
// transactions.
//
// Start reading at Service in service.go.
package inventory
