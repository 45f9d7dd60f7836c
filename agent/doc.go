// Package agent is the agent protocol of Wardline, version 1: the wire types
// (wire.go), the server's side of it (handler.go), and the client that the
// reference agent and the simulated devices run (client.go). The protocol itself
// is written down, for people who build a client in another language, in
// docs/agent-protocol.md.
//
// The server's side sees interfaces only: it judges the client certificate of
// every request, keeps idle polls in memory and hands results and questions to
// package commands. It decides nothing about safety.
//
// The client's side decides everything a second time: package safety judges each
// order by the device's own sensors, and a Driver does the deed. A journal on
// disk (journal.go) makes every order happen at most once, also across kill -9.
//
// A program enrolls once with
//
//	func Enroll(ctx context.Context, o Options, r EnrollRequest) error
//
// and from then on opens the state folder and runs:
//
//	func Open(o Options) (*Client, error)
//	func (c *Client) Run(ctx context.Context) error
//
// What may not live here: rules of who may ask what (package commands), SQL, and
// anything that a particular piece of hardware needs (a Driver of its own).
//
// Start reading at PollRequest in wire.go, then Handler.poll, then Client.Run.
package agent
