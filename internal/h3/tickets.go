package h3

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
)

// protocol is HTTP/3's name in a handshake (RFC 9114 3.1).
const protocol = "h3"

// ticketMark is before what a session ticket says of the settings that its client knows.
const ticketMark = "highball h3 "

// withTickets makes a configuration for HTTP/3 of one for TLS. A client that begins with
// early data uses the settings of its last connection, which must not have been larger
// than those of now (RFC 9114 7.2.4.2): its ticket says what they were.
func withTickets(config *tls.Config, maxFieldSection int) *tls.Config {
	// Tickets are sealed by the original, whose keys may change: a clone keeps those that
	// it was made with. It makes its first ones at the first use.
	_, _ = config.DecryptTicket(nil, tls.ConnectionState{})
	c := config.Clone()
	c.NextProtos, c.MinVersion, c.MaxVersion = []string{protocol}, tls.VersionTLS13, 0
	mark := binary.BigEndian.AppendUint64([]byte(ticketMark), uint64(maxFieldSection))
	wrap, unwrap := config.WrapSession, config.UnwrapSession
	if wrap == nil {
		wrap = config.EncryptTicket
	}
	if unwrap == nil {
		unwrap = config.DecryptTicket
	}
	c.WrapSession = func(state tls.ConnectionState, session *tls.SessionState) ([]byte, error) {
		session.Extra = append(session.Extra, mark)
		return wrap(state, session)
	}
	c.UnwrapSession = func(identity []byte, state tls.ConnectionState) (*tls.SessionState, error) {
		session, err := unwrap(identity, state)
		if err == nil && session != nil && !knows(session.Extra, maxFieldSection) {
			session.EarlyData = false
		}
		return session, err
	}
	if choose := config.GetConfigForClient; choose != nil {
		c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			chosen, err := choose(hello)
			if chosen == nil || err != nil {
				return nil, err
			}
			return withTickets(chosen, maxFieldSection), nil
		}
	}
	return c
}

// knows says whether a ticket's settings are no larger than those of now.
func knows(extra [][]byte, maxFieldSection int) bool {
	for _, e := range extra {
		if text, ok := bytes.CutPrefix(e, []byte(ticketMark)); ok && len(text) == 8 {
			return binary.BigEndian.Uint64(text) <= uint64(maxFieldSection)
		}
	}
	return false
}
