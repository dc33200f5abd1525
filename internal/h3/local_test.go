package h3

import (
	"fmt"
	"net"
	"net/http"
	"testing"
)

// On a socket for all addresses the request's is the one that its client has used.
func TestTheLocalAddressIsTheClients(t *testing.T) {
	socket, err := net.ListenUDP("udp", nil)
	if err != nil {
		t.Fatal(err)
	}
	r := startOn(t, socket, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Context().Value(http.LocalAddrContextKey))
	})
	r.address = &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: r.address.Port}
	res, err := r.client(t).Get(home)
	if got := text(t, res, err); got != r.address.String() {
		t.Errorf("%s, want %s", got, r.address)
	}
}
