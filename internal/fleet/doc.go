// Package fleet is a hospital made of simulated devices: pumps and phones that
// each hold a key of their own, enroll over real SCEP, poll over real mutual
// TLS, and do what they are told. The demo, end-to-end tests and benchmarks are
// built on it; the production server does not contain it.
//
// Four things live here. The hospital (hospital.go, catalogue*.go) is data: the
// places, models, accounts and devices that a demo begins with, and Seed, which
// hands them to a server through the same doors as everybody else. A Device
// (sim.go, pump.go, phone.go) is one simulated thing with a memory of its own:
// what it executed and whether it is locked, lost or wiped is known from there
// and never from the server. Fleet (fleet.go) starts many of them and stops
// them. The control address and the ward page (control.go, ward.go) show and
// change the devices from outside, for tests and for people.
//
// Nothing here may reach into a server's database, and nothing here is a rule:
// what may be done to a pump is decided in package safety, on both sides.
//
// Start reading at Hospital in hospital.go, then Device in sim.go.
package fleet
