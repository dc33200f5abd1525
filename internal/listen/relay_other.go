//go:build !linux

package listen

import "golang.org/x/sys/unix"

// relayType keeps packets apart.
const relayType = unix.SOCK_DGRAM
