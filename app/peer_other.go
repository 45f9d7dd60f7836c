//go:build !linux

package app

import (
	"net"
	"os"
)

// peerUID takes the server's own user: the data folder admits nobody else.
func peerUID(net.Conn) int { return os.Getuid() }
