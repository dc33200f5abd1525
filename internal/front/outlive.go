package front

import (
	"fmt"
	"net"
	"runtime/debug"
)

// outlive has a fault in what serves one connection cost that connection alone. (The
// engines see to the panics of handlers themselves.) What the fault has left locked stays
// so, and with it, at most, the handlers of that connection.
func (s *Server) outlive(t *tracked, c net.Conn) {
	cause := recover()
	if cause == nil {
		return
	}
	s.options.Logger.Error("a connection is lost by a fault in the server: please report it",
		"client", c.RemoteAddr().String(), "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
	_ = c.Close()
	if t != nil {
		_ = t.socket.Close()
		t.unqueue()
		s.forget(t)
	}
}
