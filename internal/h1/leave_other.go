//go:build !linux

package h1

import "net"

// leaves learns nothing on this system: that a client has gone is noticed by the
// first write that fails.
type leaves struct{}

func newLeaves() (*leaves, error) { return &leaves{}, nil }

func (*leaves) watch(net.Conn, leaver) (forget func()) { return func() {} }

func (*leaves) close() {}
