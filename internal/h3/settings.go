package h3

import "github.com/quic-go/quic-go/quicvarint"

// The settings: RFC 9114 7.2.4.1, RFC 9220 3, RFC 9297 2.1.1.
const (
	settingMaxFieldSection = 0x6
	settingConnectProtocol = 0x8
	settingDatagram        = 0x33
)

// maxSettings bounds a SETTINGS frame, in bytes: there are a handful of them.
const maxSettings = 4 << 10

// appendSettings is the SETTINGS frame of this server. It says nothing of QPACK, whose
// tables are empty then (RFC 9204 5).
func appendSettings(b []byte, maxFieldSection int) []byte {
	size := uint64(maxFieldSection)
	b = appendFrame(b, frameSettings, quicvarint.Len(settingMaxFieldSection)+quicvarint.Len(size))
	return quicvarint.Append(quicvarint.Append(b, settingMaxFieldSection), size)
}

// checkSettings looks at a client's, of which nothing is needed: without a dynamic
// table and pushes, only its limit for fields concerns a server, and that is advice.
func checkSettings(p []byte) error {
	seen := map[uint64]bool{}
	for len(p) > 0 {
		id, n, err := quicvarint.Parse(p)
		if err != nil {
			return connectionFault(frameError, "RFC 9114 7.1", "a SETTINGS frame that ends within a setting")
		}
		value, m, err := quicvarint.Parse(p[n:])
		if err != nil {
			return connectionFault(frameError, "RFC 9114 7.1", "a SETTINGS frame that ends within a setting")
		}
		p = p[n+m:]
		switch {
		case seen[id]:
			return connectionFault(settingsError, "RFC 9114 7.2.4", "setting %#x twice", id)
		case id == 0 || id >= 2 && id <= 5:
			return connectionFault(settingsError, "RFC 9114 7.2.4.1", "setting %#x of HTTP/2", id)
		case (id == settingConnectProtocol || id == settingDatagram) && value > 1:
			return connectionFault(settingsError, "RFC 9297 2.1.1", "setting %#x is %d, neither 0 nor 1", id, value)
		}
		seen[id] = true
	}
	return nil
}
