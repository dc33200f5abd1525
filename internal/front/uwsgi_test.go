package front

import (
	"net"
	"testing"
)

func TestLocalPeersAreTrusted(t *testing.T) {
	for peer, want := range map[net.Addr]bool{
		&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}:   true,
		&net.TCPAddr{IP: net.IPv6loopback}:         true,
		&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}:   false,
		&net.TCPAddr{IP: net.IPv4(10, 0, 0, 1)}:    false,
		&net.UnixAddr{Net: "unix", Name: "/run/x"}: true,
	} {
		if got := local(peer); got != want {
			t.Errorf("%s: got %t", peer, got)
		}
	}
}
