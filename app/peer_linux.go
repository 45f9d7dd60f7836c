package app

import (
	"net"
	"os"
	"syscall"
)

// peerUID asks the kernel whose process is at the other end of the socket.
func peerUID(c net.Conn) int {
	unix, ok := c.(*net.UnixConn)
	if !ok {
		return os.Getuid()
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return -1
	}
	uid := -1
	err = raw.Control(func(fd uintptr) {
		if cred, err := syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED); err == nil {
			uid = int(cred.Uid)
		}
	})
	if err != nil {
		return -1
	}
	return uid
}
