// Package safety decides what state a pump is in and whether a command may
// reach a device now. It is pure: no I/O, no clock of its own, no randomness,
// and it imports nothing of Wardline but device. Server and agent use the same
// matrix; the agent from its own sensors.
//
// What may not live here: who may ask (auth), how many at once (the guard in
// commands), how an order travels (commands, agent). The one exception is the
// rule for a ward's pumps (MayTakeOut), which is a property of care and not of
// the person who asks.
//
// Every cell of the matrix is compared with docs/interlock.csv, which people
// write by hand. Change both, and MatrixVersion, or the tests fail by naming the
// cell.
//
// Start reading at Assess in assess.go, then the rows in matrix.go, then Judge
// in judge.go and JudgeOnDevice in ondevice.go.
package safety
