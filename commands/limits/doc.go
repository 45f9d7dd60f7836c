// Package limits says how much disruptive and destructive work may leave in a
// window of time (SAFETY 4): the table of limits, and the counting. What counts
// is what was released in the window and what is open, in devices.
//
// It is pure: no I/O and no clock of its own. The table is docs/limits.csv, by
// hand; a test compares the two line by line.
package limits
