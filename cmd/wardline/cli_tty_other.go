//go:build !linux

package main

import (
	"errors"
	"os"
)

// Elsewhere nothing is asked for: secrets come from flags and the environment.
func isTerminal(*os.File) bool { return false }

func hideTyping(*os.File) (restore func(), err error) {
	return nil, errors.New("not possible on this system")
}
