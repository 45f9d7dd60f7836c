// Package linuxdriver is what orders mean on a Linux handheld or workstation. It
// does what is safe with the means that such a machine has: lock the sessions,
// show a message, ring the terminals, say which access point it is on, describe
// itself, remove a work-data folder. Everything else it refuses in words, and
// what is dangerous only after the operator of the machine allowed it.
//
// It has no therapy state and must never run on a pump: a maker's pump needs a
// driver of its own (agent.Driver).
//
// Start reading at Config, then Driver.Do in deeds.go.
package linuxdriver
