package listen

import "golang.org/x/sys/unix"

// relayType keeps packets apart, and holds as many as its buffer.
const relayType = unix.SOCK_SEQPACKET
