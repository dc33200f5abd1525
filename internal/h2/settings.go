package h2

import "encoding/binary"

// Settings (RFC 9113 6.5.2, RFC 9218 2.1).
const (
	settingPush          = 2
	settingMaxStreams    = 3
	settingInitialWindow = 4
	settingMaxFrame      = 5
	settingMaxList       = 6
	settingNoPriorities  = 9
)

const (
	initialWindow = 65535 // of a stream and of the connection, where nobody has said another
	tableSize     = 4096  // of HPACK, likewise
)

// receiveSettings: of the client's wishes only its windows matter. Frames are of the
// least size that it may allow, and heads need nothing of its table.
func (c *conn) receiveSettings(h head, p []byte) *fault {
	switch {
	case h.stream != 0:
		return connFault(protocolError, "RFC 9113 6.5", "SETTINGS on a stream")
	case h.has(flagAck) && len(p) > 0, len(p)%6 != 0:
		return connFault(frameSizeError, "RFC 9113 6.5", "SETTINGS of %d bytes", len(p))
	case h.has(flagAck):
		return nil
	}
	for ; len(p) > 0; p = p[6:] {
		if f := c.set(binary.BigEndian.Uint16(p), binary.BigEndian.Uint32(p[2:])); f != nil {
			return f
		}
	}
	c.greeted = true
	c.answerWith(appendHead(c.output.room(c.server), 0, settings, flagAck, 0))
	return nil
}

func (c *conn) set(id uint16, value uint32) *fault {
	switch id {
	case settingPush:
		if value > 1 {
			return connFault(protocolError, "RFC 9113 6.5.2", "SETTINGS_ENABLE_PUSH of %d", value)
		}
	case settingMaxFrame:
		if value < maxFrame || value > 1<<24-1 {
			return connFault(protocolError, "RFC 9113 6.5.2", "SETTINGS_MAX_FRAME_SIZE of %d", value)
		}
	case settingInitialWindow:
		return c.setInitialWindow(int64(value))
	}
	return nil
}

// setInitialWindow changes the windows of all streams by the difference (RFC 9113 6.9.2).
func (c *conn) setInitialWindow(n int64) *fault {
	if n > maxWindow {
		return connFault(flowControlError, "RFC 9113 6.5.2", "SETTINGS_INITIAL_WINDOW_SIZE of %d", n)
	}
	change := n - c.flow.initial
	c.flow.initial = n
	for _, st := range c.streams {
		if st.window += change; st.window > maxWindow {
			return connFault(flowControlError, "RFC 9113 6.9.2", "a window above 2^31-1")
		}
		st.changed.Broadcast()
	}
	return nil
}
