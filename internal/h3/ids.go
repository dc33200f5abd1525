package h3

import (
	"crypto/rand"
	"net"

	"github.com/quic-go/quic-go"
)

// idLength is the length of the connection ids that this server gives out, in bytes.
const idLength = 12

// Tagged is a socket whose packets are told apart by how the ids in them begin: two
// processes may have it at a time.
type Tagged interface {
	net.PacketConn
	Tag() [4]byte
}

// ids makes connection ids: a tag, and the rest by chance.
type ids struct{ tag []byte }

func newIDs(socket net.PacketConn) ids {
	if tagged, ok := socket.(Tagged); ok {
		tag := tagged.Tag()
		return ids{tag[:]}
	}
	return ids{}
}

// GenerateConnectionID is for quic.Transport.
func (g ids) GenerateConnectionID() (quic.ConnectionID, error) {
	var id [idLength]byte
	if _, err := rand.Read(id[:]); err != nil {
		return quic.ConnectionID{}, err
	}
	copy(id[:], g.tag)
	return quic.ConnectionIDFromBytes(id[:]), nil
}

// ConnectionIDLen is for quic.Transport.
func (ids) ConnectionIDLen() int { return idLength }
